import { databaseSettings, serviceSettings } from '@ledger/kit/ledger/service-settings';
import {
  PeepcoinsServiceService,
  type BuyCouponResponse,
  type Coupon,
  type Route,
} from '@ledger/proto/peepcoins/v1/peepcoins_service';
import { startPeepcoins } from '../../services/peepcoins/src/server';
import type { RunningServer } from '@ledger/kit/server/server';
import { checkLedger } from '../harness/check-ledger';
import { ServiceClient, type Methods } from '../harness/service-client';
import { startService, type ServiceUnderTest } from '../harness/service-under-test';

type Api = Methods<typeof PeepcoinsServiceService>;

const GRACE_OVER = { priceGraceMs: 0 };

let system: ServiceUnderTest;
let second: RunningServer;
let clients: ServiceClient<typeof PeepcoinsServiceService>[];

const start: Parameters<typeof startService>[0] = (environment, log) =>
  startPeepcoins({ ...serviceSettings(environment, ''), ...databaseSettings(environment) }, log);

beforeAll(async () => {
  system = await startService(start);
  second = await system.startAnother();
  clients = [system, second].map(({ address }) => new ServiceClient(address, PeepcoinsServiceService));
});
afterAll(async () => {
  for (const client of clients) client.close();
  await second.stop();
  await system.dispose();
});
afterEach(async () => {
  expect(await checkLedger(system.ledger.database)).toEqual([]);
  expect(system.ledger.refusals()).toEqual([]);
});

describe('lost update', () => {
  it('a hike for 50 coins and a coupon for 20 leave 130 of 100, whichever comes first', async () => {
    const hike = await addRoute('20 miles', { reward: 50n });
    const blt = await addCoupon('sandwiches', 'Free BLT', 20n);
    const users = names('lucas', 30);
    await Promise.all(users.map((userId) => give(userId, 100n)));

    await Promise.all(
      users.flatMap((userId, n) => [
        api(n).completeRoute({ requestId: 'hike', userId, routeId: hike.routeId }),
        api(n + 1).buyCoupon({ requestId: 'lunch', userId, couponId: blt.couponId, version: 1n }),
      ]),
    );

    for (const userId of users) {
      expect(await api().getBalance({ userId })).toEqual({
        balance: 130n,
        coupons: [{ couponId: blt.couponId, count: 1n }],
      });
    }
  });
});

describe('two editors of a coupon', () => {
  it('of whom both saw the same version: the second is told, and the price is that of the first', async () => {
    const coupon = await addCoupon('two-owners', 'Free coffee', 10n);
    for (let round = 0; round < 20; round += 1) {
      const version = BigInt(round) + 1n;
      const seen = { ...coupon, expectedVersion: version };
      const edits = await Promise.allSettled([
        api(0).editCoupon({ ...seen, requestId: `owner-1-${round}`, price: 30n + BigInt(round) }),
        api(1).editCoupon({ ...seen, requestId: `owner-2-${round}`, price: 40n + BigInt(round) }),
      ]);

      const won = edits.flatMap((edit) => (edit.status === 'fulfilled' ? [edit.value.coupon!] : []));
      const told = edits.flatMap((edit) => (edit.status === 'rejected' ? [edit.reason as unknown] : []));
      expect(told).toMatchObject([
        {
          ...{ code: 'ABORTED', reason: 'COUPON_CHANGED', domain: 'peepcoins.v1' },
          metadata: {
            coupon_id: coupon.couponId,
            expected: String(version),
            current: String(version + 1n),
          },
        },
      ]);
      expect((await api(round).listCoupons({ businessId: 'two-owners' })).coupons).toEqual(won);
      expect(won).toMatchObject([{ version: version + 1n }]);
    }
  });

  it('of whom one edits and one withdraws: the second is told', async () => {
    const coupon = await addCoupon('edit-or-withdraw', 'Free tea', 10n);
    const seen = { ...coupon, expectedVersion: 1n };
    const results = await Promise.allSettled([
      api(0).editCoupon({ ...seen, requestId: 'edit', price: 11n }),
      api(1).withdrawCoupon({ ...seen, requestId: 'withdraw' }),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('may give it a new name, one that no coupon of the business has or had', async () => {
    const soup = await addCoupon('names', 'Soup', 5n);
    const salad = await addCoupon('names', 'Salad', 5n);
    const edit = { ...soup, requestId: 'rename', expectedVersion: 1n };
    const taken = { code: 'ALREADY_EXISTS', reason: 'COUPON_NAME_TAKEN' };
    await expect(api().editCoupon({ ...edit, name: 'Salad' })).rejects.toMatchObject({
      ...taken,
      metadata: { name: 'Salad' },
    });
    const { coupon } = await api().editCoupon({ ...edit, name: 'Hot soup' });
    expect(coupon).toEqual({ ...soup, name: 'Hot soup', version: 2n });
    await expect(addCoupon('names', 'Soup', 6n)).rejects.toMatchObject(taken);
    await expect(
      api().editCoupon({ ...salad, businessId: 'others', requestId: 'theft', expectedVersion: 1n }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND', reason: 'COUPON_NOT_FOUND' });
    expect(await addCoupon('elsewhere', 'Soup', 5n)).toMatchObject({ name: 'Soup' });
  });
});

describe('read skew', () => {
  it('a coupon is sold as it was listed, or refused for one reason: it was withdrawn', async () => {
    const businessId = 'skew';
    const coupons = await Promise.all(names('coupon', 6).map((name) => addCoupon(businessId, name, 10n)));
    const buyers = names('reader', 6);
    await Promise.all(buyers.map((userId) => give(userId, 100_000n)));

    let over = false;
    const editing = edits(coupons, 10, (coupon) => ({ ...coupon, price: coupon.price + 7n }))
      .then(() =>
        Promise.all(
          coupons
            .slice(0, 3)
            .map(({ couponId }) =>
              api(1).withdrawCoupon({ requestId: 'end', businessId, couponId, expectedVersion: 11n }),
            ),
        ),
      )
      .finally(() => (over = true));
    const outcomes: { result: PromiseSettledResult<BuyCouponResponse>; listed: Coupon }[] = [];
    const buy = async (userId: string, n: number): Promise<void> => {
      for (let round = 0; !over; round += 1) {
        const { coupons: listed } = await api(n).listCoupons({ businessId });
        const bought = await Promise.allSettled(
          listed.map(({ couponId, version }) =>
            api(n + 1).buyCoupon({ requestId: `buy-${couponId}-${round}`, userId, couponId, version }),
          ),
        );
        outcomes.push(...bought.map((result, index) => ({ result, listed: listed[index]! })));
      }
    };
    await Promise.all(buyers.map(buy));
    await editing;

    for (const { result, listed } of outcomes) {
      if (result.status === 'fulfilled') expect(result.value.movement?.change).toBe(-listed.price);
      else expect(result.reason).toMatchObject({ reason: 'COUPON_WITHDRAWN' });
    }
    expect(outcomes.length).toBeGreaterThan(30);
    // They did buy while it was edited.
    expect(new Set(outcomes.map(({ listed }) => listed.version)).size).toBeGreaterThan(1);
    expect((await api().listCoupons({ businessId })).coupons.map(({ name }) => name).sort()).toEqual([
      ...['coupon-3', 'coupon-4', 'coupon-5'],
    ]);
  });

  it('who has a coupon that is withdrawn keeps it; who only saw it gets a clear reason and keeps the coins', async () => {
    const coupon = await addCoupon('closing', 'Last cake', 10n);
    await Promise.all(['early', 'late'].map((userId) => give(userId, 10n)));
    const { couponId } = coupon;
    await api().buyCoupon({ requestId: 'cake', userId: 'early', couponId, version: 1n });
    const gone = await api().withdrawCoupon({ ...coupon, requestId: 'gone', expectedVersion: 1n });
    expect(gone.coupon).toEqual({ ...coupon, version: 2n, onOffer: false });
    expect(await api(1).withdrawCoupon({ ...coupon, requestId: 'gone', expectedVersion: 1n })).toEqual(gone);

    await expect(
      api().buyCoupon({ requestId: 'cake', userId: 'late', couponId, version: 1n }),
    ).rejects.toMatchObject({
      ...{ code: 'FAILED_PRECONDITION', reason: 'COUPON_WITHDRAWN', domain: 'peepcoins.v1' },
      metadata: { coupon_id: couponId },
    });
    expect(await api().getBalance({ userId: 'late' })).toEqual({ balance: 10n, coupons: [] });
    expect(await api().getBalance({ userId: 'early' })).toEqual({
      balance: 0n,
      coupons: [{ couponId, count: 1n }],
    });
  });
});

describe('the price that changes between check and debit', () => {
  it('is paid as the buyer saw it: who has just that much pays it, and nobody falls below zero', async () => {
    const coupon = await addCoupon('rising', 'Free ride', 10n);
    const rising = edits([coupon], 20, (seen) => ({ ...seen, price: seen.price + 10n }));
    const paid: bigint[] = [];
    const caller = async (caller: number): Promise<void> => {
      for (const userId of names(`exact-${caller}`, 8)) {
        const { coupons } = await api(caller).listCoupons({ businessId: 'rising' });
        const { couponId, price, version } = coupons[0]!;
        await give(userId, price);
        const bought = await api(caller + 1).buyCoupon({ requestId: 'ride', userId, couponId, version });
        expect(bought).toMatchObject({ version, owned: 1n, movement: { change: -price, balanceAfter: 0n } });
        paid.push(price);
      }
    };
    await Promise.all([0, 1, 2, 3].map(caller));
    await rising;
    // They did run at the same time.
    expect(new Set(paid).size).toBeGreaterThan(1);
  });

  it('is refused, with the price of now, when the buyer saw it longer ago than the grace period', async () => {
    const strict = await startService(start, GRACE_OVER);
    const client = new ServiceClient(strict.address, PeepcoinsServiceService);
    try {
      const { coupon } = await client.call.addCoupon({
        ...{ requestId: 'new', businessId: 'hasty', name: 'Free hug', price: 10n },
      });
      const { couponId } = coupon!;
      await client.call.editCoupon({ ...coupon!, requestId: 'up', expectedVersion: 1n, price: 25n });
      await strict.ledger.client().credit({ userId: 'slow', asset: 'PEEP', amount: 30n });
      const order = { requestId: 'hug', userId: 'slow', couponId };

      await expect(client.call.buyCoupon({ ...order, version: 1n })).rejects.toMatchObject({
        ...{ code: 'FAILED_PRECONDITION', reason: 'PRICE_CHANGED', domain: 'peepcoins.v1' },
        metadata: { coupon_id: couponId, version: '2', price: '25' },
      });
      expect(await client.call.getBalance({ userId: 'slow' })).toEqual({ balance: 30n, coupons: [] });
      await client.call.buyCoupon({ ...order, requestId: 'hug-again', version: 2n });
      expect(await client.call.getBalance({ userId: 'slow' })).toMatchObject({ balance: 5n });
    } finally {
      client.close();
      await strict.dispose();
    }
  });
});

describe('rewards', () => {
  it('come once per user and route, however many complete it at once; the same call gets the same answer', async () => {
    const { routeId } = await addRoute('Mission Peak');
    const userId = 'walker';
    const results = await Promise.allSettled(
      names('walk', 12).flatMap((requestId, n) => [
        api(n).completeRoute({ requestId, userId, routeId }),
        api(n + 1).completeRoute({ requestId, userId, routeId }),
      ]),
    );
    const rewarded = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const refused = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
    expect(rewarded).toHaveLength(2);
    expect(rewarded[0]).toEqual(rewarded[1]);
    expect(rewarded[0]).toMatchObject({
      movement: { change: 15n, balanceAfter: 15n, description: 'completed Mission Peak' },
    });
    expect(refused).toHaveLength(22);
    for (const error of refused) {
      expect(error).toMatchObject({ code: 'ALREADY_EXISTS', reason: 'ALREADY_COMPLETED' });
    }
    expect(await api().getBalance({ userId })).toMatchObject({ balance: 15n });
  });

  it('come once per user and review; the same call gets the same answer', async () => {
    const { routeId } = await addRoute('Reviewed');
    const review = { userId: 'critic', routeId, rating: 4, difficulty: 2 };
    const results = await Promise.allSettled(
      names('review', 8).flatMap((requestId, n) => [
        api(n).reviewRoute({ ...review, requestId }),
        api(n + 1).reviewRoute({ ...review, requestId }),
      ]),
    );
    const rewarded = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const refused = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
    expect(rewarded).toHaveLength(2);
    expect(rewarded[0]).toEqual(rewarded[1]);
    expect(rewarded[0]).toMatchObject({ movement: { change: 5n, description: 'reviewed Reviewed' } });
    for (const error of refused) {
      expect(error).toMatchObject({ code: 'ALREADY_EXISTS', reason: 'ALREADY_REVIEWED' });
    }
    expect(await api().getBalance({ userId: 'critic' })).toMatchObject({ balance: 5n });
    const [winner] = await system.database.query(`SELECT request_id FROM reviews WHERE user_id = 'critic'`);
    await expect(
      api().reviewRoute({ ...review, requestId: winner!['request_id']!, rating: 5 }),
    ).rejects.toMatchObject({ code: 'ALREADY_EXISTS', reason: 'REQUEST_ID_REUSED' });
  });

  it('come for a new route once; of two at once with one name one is there', async () => {
    const adds = names('mapper', 6).flatMap((userId, n) => [
      api(n).addRoute({ requestId: 'new', userId, name: 'Contested' }),
      api(n + 1).addRoute({ requestId: 'new', userId, name: 'Contested' }),
    ]);
    const results = await Promise.allSettled(adds);
    const added = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(added).toHaveLength(2);
    expect(added[0]).toEqual(added[1]);
    expect(added[0]).toMatchObject({ route: { reward: 15n }, movement: { change: 5n, balanceAfter: 5n } });
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ reason: 'ROUTE_NAME_TAKEN' });
    }
    const { userId } = added[0]!.route!;
    await expect(api().addRoute({ requestId: 'new', userId, name: 'Another' })).rejects.toMatchObject({
      reason: 'REQUEST_ID_REUSED',
      metadata: { request_id: 'new' },
    });
    await expect(
      api().completeRoute({ requestId: 'lost', userId, routeId: '0'.repeat(32) }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND', reason: 'ROUTE_NOT_FOUND' });
  });

  it('are told of in the history, newest first, page by page', async () => {
    const { routeId } = await addRoute('Told of', { userId: 'teller' });
    const { couponId } = await addCoupon('telling', 'A story', 12n);
    await api().completeRoute({ requestId: 'go', userId: 'teller', routeId });
    await api().reviewRoute({ requestId: 'say', userId: 'teller', routeId, rating: 5, difficulty: 1 });
    await api().buyCoupon({ requestId: 'hear', userId: 'teller', couponId, version: 1n });

    const first = await api().listHistory({ userId: 'teller', pageSize: 3 });
    const rest = await api(1).listHistory({ userId: 'teller', pageSize: 3, pageToken: first.nextPageToken });
    expect(rest.nextPageToken).toBe('');
    expect(
      [...first.movements, ...rest.movements].map(({ description, change, balanceAfter }) => [
        ...[description, change, balanceAfter],
      ]),
    ).toEqual([
      ['bought A story', -12n, 13n],
      ['reviewed Told of', 5n, 25n],
      ['completed Told of', 15n, 20n],
      ['added Told of', 5n, 5n],
    ]);
    await expect(
      api().listHistory({ userId: 'somebody', pageToken: first.nextPageToken }),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD', fields: ['page_token'] });
  });
});

describe('a crash between what is kept here and what is booked', () => {
  let cutOff: RunningServer;
  let client: ServiceClient<typeof PeepcoinsServiceService>;

  // A server of the same service that comes as far as the ledger and no further.
  beforeAll(async () => {
    cutOff = await system.startAnother({ LEDGER_ADDRESS: '127.0.0.1:1', TEST_LEDGER_TIMEOUT_MS: '50' });
    client = new ServiceClient(cutOff.address, PeepcoinsServiceService);
  });
  afterAll(async () => {
    client.close();
    await cutOff.stop();
  });

  it('leaves a route without its reward, which the repeat books, once', async () => {
    const request = { requestId: 'crash', userId: 'unlucky', name: 'Half added' };
    await expect(client.call.addRoute(request)).rejects.toMatchObject(unavailable);
    expect(await rowsOf('routes', `name = 'Half added'`)).toBe(1);
    expect(await api().getBalance({ userId: 'unlucky' })).toMatchObject({ balance: 0n });

    const first = await api().addRoute(request);
    expect(first.movement).toMatchObject({ change: 5n, balanceAfter: 5n });
    expect(await api(1).addRoute(request)).toEqual(first);
    expect(await rowsOf('routes', `name = 'Half added'`)).toBe(1);
  });

  it('leaves a review without its reward, which the repeat books, once', async () => {
    const { routeId } = await addRoute('Half reviewed');
    const request = { requestId: 'crash', userId: 'unheard', routeId, rating: 3, difficulty: 3 };
    await expect(client.call.reviewRoute(request)).rejects.toMatchObject(unavailable);
    const first = await api().reviewRoute(request);
    expect(first.movement).toMatchObject({ change: 5n, balanceAfter: 5n });
    expect(await api(1).reviewRoute(request)).toEqual(first);
  });

  it('leaves a coupon that is no more than a name, and that the repeat puts on offer', async () => {
    const request = { requestId: 'crash', businessId: 'half', name: 'Half offered', price: 9n };
    await expect(client.call.addCoupon(request)).rejects.toMatchObject(unavailable);
    expect(await api().listCoupons({ businessId: 'half' })).toEqual({ coupons: [], nextPageToken: '' });

    const first = await api().addCoupon(request);
    expect(first.coupon).toMatchObject({ version: 1n, price: 9n });
    expect(await api(1).addCoupon(request)).toEqual(first);
    expect((await api().listCoupons({ businessId: 'half' })).coupons).toEqual([first.coupon]);
  });

  it('leaves an edited coupon as it was, until the repeat', async () => {
    const coupon = await addCoupon('half-edit', 'Before', 9n);
    const edit = { ...coupon, requestId: 'crash', expectedVersion: 1n, name: 'After' };
    await expect(client.call.editCoupon(edit)).rejects.toMatchObject(unavailable);
    expect((await api().listCoupons({ businessId: 'half-edit' })).coupons).toEqual([coupon]);
    const first = await api().editCoupon(edit);
    expect(first.coupon).toEqual({ ...coupon, name: 'After', version: 2n });
    expect(await api(1).editCoupon(edit)).toEqual(first);
  });

  const unavailable = { code: 'UNAVAILABLE', reason: 'LEDGER_UNAVAILABLE', domain: 'peepcoins.v1' };

  async function rowsOf(table: string, condition: string): Promise<number> {
    const rows = await system.database.query(`SELECT 1 FROM ${table} WHERE ${condition}`);
    return rows.length;
  }
});

it('coupons are listed page by page, without those that are withdrawn', async () => {
  const businessId = 'many';
  const coupons = await Promise.all(names('page', 5).map((name) => addCoupon(businessId, name, 3n)));
  const inOrder = [...coupons].sort((a, b) => (a.couponId < b.couponId ? -1 : 1));
  await api().withdrawCoupon({ ...inOrder[2]!, requestId: 'end', expectedVersion: 1n });
  const pages: string[][] = [];
  let pageToken = '';
  do {
    const page = await api(pages.length).listCoupons({ businessId, pageSize: 2, pageToken });
    pages.push(page.coupons.map(({ couponId }) => couponId));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  const ids = inOrder.map(({ couponId }) => couponId);
  expect(pages).toEqual([ids.slice(0, 2), ids.slice(3, 4), ids.slice(4)]);
});

it('the coins are told of a user with more coupons than the ledger lists at once', async () => {
  const userId = 'collector';
  const ids = Array.from({ length: 1_001 }, (_, n) => n.toString(16).toUpperCase().padStart(32, '0'));
  const credit = (asset: string, amount: bigint) =>
    ({ write: { $case: 'credit', value: { requestId: asset, userId, asset, amount } } }) as const;
  const writes = [credit('PEEP', 77n), ...ids.map((id) => credit(`COUPON:${id}`, 2n))];
  await system.ledger.client().batchWrite({ writes });

  const { balance, coupons } = await api().getBalance({ userId });
  expect(balance).toBe(77n);
  expect(coupons).toEqual(ids.slice(0, 999).map((couponId) => ({ couponId, count: 2n })));
});

describe('a user_id', () => {
  const id = '0'.repeat(32);
  const calls: [string, (userId: string) => Promise<unknown>][] = [
    ['AddRoute', (userId) => api().addRoute({ requestId: 'r', userId, name: 'Of nobody' })],
    ['CompleteRoute', (userId) => api().completeRoute({ requestId: 'r', userId, routeId: id })],
    [
      'ReviewRoute',
      (userId) => api().reviewRoute({ requestId: 'r', userId, routeId: id, rating: 1, difficulty: 1 }),
    ],
    ['GetBalance', (userId) => api().getBalance({ userId })],
    ['ListHistory', (userId) => api().listHistory({ userId })],
    ['BuyCoupon', (userId) => api().buyCoupon({ requestId: 'r', userId, couponId: id, version: 1n })],
  ];

  it.each(calls)('that is malformed, or of another service, is refused by %s', async (_, send) => {
    for (const userId of ['', 'a b', '@issuance', 'cauldrons/cove', '/cove', 'cove/', 'u'.repeat(129)]) {
      await expect(send(userId)).rejects.toMatchObject({
        ...{ code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD', fields: ['user_id'] },
      });
    }
  });

  it('may be any other printable ASCII', async () => {
    for (const userId of ['!-.0?A~', 'a@b.example', 'u'.repeat(128)]) {
      expect(await api().getBalance({ userId })).toEqual({ balance: 0n, coupons: [] });
    }
  });
});

describe('a purchase', () => {
  it('takes nothing and gives nothing when the coins do not suffice, and stays so for its request_id', async () => {
    const { couponId } = await addCoupon('dear', 'Free car', 1_000n);
    const order = { requestId: 'car', userId: 'poor', couponId, version: 1n };
    await give('poor', 999n);
    const refusal = {
      ...{ code: 'FAILED_PRECONDITION', reason: 'INSUFFICIENT_COINS', domain: 'peepcoins.v1' },
      metadata: { balance: '999', price: '1000' },
    };
    await expect(api().buyCoupon(order)).rejects.toMatchObject(refusal);
    await give('poor', 1n);
    await expect(api().buyCoupon(order)).rejects.toMatchObject(refusal);
    expect(await api().getBalance({ userId: 'poor' })).toEqual({ balance: 1_000n, coupons: [] });
    expect(await api().buyCoupon({ ...order, requestId: 'car-2' })).toMatchObject({ owned: 1n });
  });

  it('happens once for its request_id, and for no other coupon', async () => {
    const [one, other] = [await addCoupon('once', 'One', 3n), await addCoupon('once', 'Other', 3n)];
    await give('buyer', 100n);
    const order = { requestId: 'pair', userId: 'buyer', couponId: one.couponId, version: 1n };
    const answers = await Promise.all(names('try', 10).map((_, n) => api(n).buyCoupon(order)));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    await expect(api().buyCoupon({ ...order, couponId: other.couponId })).rejects.toMatchObject({
      ...{ code: 'ALREADY_EXISTS', reason: 'REQUEST_ID_REUSED', metadata: { request_id: 'pair' } },
    });
    expect(await api().getBalance({ userId: 'buyer' })).toMatchObject({ balance: 97n });
  });

  it('of what is not there is refused', async () => {
    const { couponId } = await addCoupon('short', 'Short list', 3n);
    const order = { requestId: 'none', userId: 'buyer', couponId };
    await expect(api().buyCoupon({ ...order, version: 7n })).rejects.toMatchObject({
      ...{ code: 'NOT_FOUND', reason: 'COUPON_NOT_FOUND', metadata: { coupon_id: couponId } },
    });
    await expect(api().buyCoupon({ ...order, version: 0n })).rejects.toMatchObject({
      ...{ code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD', fields: ['version'] },
    });
  });
});

/** One of the two servers, in turn. */
function api(turn = 0): Api {
  return clients[turn % clients.length]!.call;
}

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${prefix}-${n}`);
}

/** Coins from nowhere, so that a test can begin with any balance. */
async function give(userId: string, amount: bigint): Promise<void> {
  await system.ledger.client().credit({ userId, asset: 'PEEP', amount });
}

async function addRoute(name: string, { reward = 0n, userId = 'ranger' } = {}): Promise<Route> {
  const { route } = await api().addRoute({
    requestId: `add-${name.replaceAll(' ', '-')}`,
    userId,
    name,
    reward,
  });
  return route!;
}

async function addCoupon(businessId: string, name: string, price: bigint): Promise<Coupon> {
  const requestId = `add-${name.replaceAll(' ', '-')}-${price}`;
  return (await api(1).addCoupon({ requestId, businessId, name, price })).coupon!;
}

/** Edits coupons so often, one edit of each after the other. */
async function edits(
  coupons: readonly Coupon[],
  times: number,
  change: (coupon: Coupon) => Coupon,
): Promise<void> {
  await Promise.all(
    coupons.map(async (coupon) => {
      let seen = coupon;
      for (let n = 0; n < times; n += 1) {
        const edit = { ...change(seen), requestId: `edit-${n}`, expectedVersion: seen.version };
        seen = (await api(n).editCoupon(edit)).coupon!;
      }
    }),
  );
}
