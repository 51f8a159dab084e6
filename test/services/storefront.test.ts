import { serviceSettings } from '@ledger/kit/ledger/service-settings';
import {
  type Item,
  StockServiceService,
  StorefrontServiceService,
} from '@ledger/proto/storefront/v1/storefront_service';
import { startStorefront } from '../../services/storefront/src/server';
import { checkLedger } from '../harness/check-ledger';
import { ServiceClient } from '../harness/service-client';
import { startService, type ServiceUnderTest } from '../harness/service-under-test';
import { waitUntil } from '../harness/wait-until';

type Shop = ServiceClient<typeof StorefrontServiceService>['call'];

let system: ServiceUnderTest;
let shop: ServiceClient<typeof StorefrontServiceService>;
let stock: ServiceClient<typeof StockServiceService>;

beforeAll(async () => {
  system = await startService((environment, log) => startStorefront(serviceSettings(environment, ''), log));
  shop = new ServiceClient(system.address, StorefrontServiceService);
  stock = new ServiceClient(system.address, StockServiceService);
});
afterAll(async () => {
  shop.close();
  stock.close();
  await system.dispose();
});
afterEach(async () => {
  expect(await checkLedger(system.ledger.database)).toEqual([]);
  expect(system.faults).toEqual([]);
});

describe('a caller acts for the user of x-user-id', () => {
  const userId = 'ada';
  const key = { idempotencyKey: 'k' };
  const calls: [string, (headers: Record<string, string>, userId: string) => Promise<unknown>][] = [
    ['Credit', (headers, userId) => shop.call.credit({ userId, amountCents: 5n, ...key }, headers)],
    ['Purchase', (headers, userId) => shop.call.purchase({ userId, itemId: 'x', ...key }, headers)],
    ['GetBalance', (headers, userId) => shop.call.getBalance({ userId }, headers)],
    ['ListHistory', (headers, userId) => shop.call.listHistory({ userId }, headers)],
  ];

  it.each(calls)('%s is refused without it', async (_, send) => {
    for (const headers of [{}, { 'x-user-id': '' }]) {
      await expect(send(headers, userId)).rejects.toMatchObject({
        ...{ code: 'UNAUTHENTICATED', reason: 'NO_USER', domain: 'storefront.v1' },
      });
    }
  });

  it.each(calls)('%s is refused when it is another user', async (_, send) => {
    for (const other of ['eve', 'Ada', 'ada2', 'ad']) {
      await expect(send(as(other), userId)).rejects.toMatchObject({
        ...{ code: 'PERMISSION_DENIED', reason: 'NOT_YOUR_ACCOUNT', domain: 'storefront.v1' },
      });
    }
  });

  it.each(calls)('%s is refused for a malformed user, and for one of another service', async (_, send) => {
    for (const other of ['a b', '@issuance', 'cauldrons/cove', '/cove', 'cove/', 'u'.repeat(129)]) {
      await expect(send(as(other), other)).rejects.toMatchObject({
        ...{ code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD', fields: ['user_id'] },
      });
      // Nor does the metadata alone make anybody that user.
      await expect(send(as(other), userId)).rejects.toMatchObject({ reason: 'NOT_YOUR_ACCOUNT' });
    }
  });

  it('and nothing of that was booked', async () => {
    expect(await shop.call.getBalance({ userId }, as(userId))).toEqual({ balanceCents: 0n });
  });
});

describe('an idempotency key', () => {
  it('in the metadata or in the field is the request id of the ledger', async () => {
    const headers = { ...as('keys'), 'idempotency-key': 'in-metadata' };
    await shop.call.credit({ userId: 'keys', amountCents: 5n }, headers);
    await credit('keys', 5n, 'in-field');
    for (const requestId of ['in-metadata', 'in-field']) {
      const booked = await system.ledger.client().getRequest({ userId: 'keys', requestId });
      expect(booked).toMatchObject({ method: 'Credit', code: 0 });
    }
  });

  it('is in the log', async () => {
    await credit('keys', 5n, 'to-be-logged');
    const isThis = (call: object): boolean =>
      'idempotencyKey' in call && call.idempotencyKey === 'to-be-logged';
    await waitUntil('the call is logged', () => system.calls.some(isThis));
    expect(system.calls.find(isThis)).toMatchObject({ method: 'storefront.v1.StorefrontService/Credit' });
  });

  it('gets the first answer for the same content, however many send it at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        n % 2 === 0
          ? credit('twice', 700n, 'same')
          : shop.call.credit(
              { userId: 'twice', amountCents: 700n },
              { ...as('twice'), 'idempotency-key': 'same' },
            ),
      ),
    );
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await balanceOf('twice')).toBe(700n);
  });

  it('is refused for other content, and for another method', async () => {
    await putItem('pen', 100n);
    await credit('reuse', 500n, 'key');
    const refusal = {
      ...{ code: 'ALREADY_EXISTS', reason: 'IDEMPOTENCY_KEY_REUSED', domain: 'storefront.v1' },
      metadata: { idempotency_key: 'key' },
    };
    await expect(credit('reuse', 501n, 'key')).rejects.toMatchObject(refusal);
    await expect(purchase('reuse', 'pen', 'key')).rejects.toMatchObject(refusal);
    await purchase('reuse', 'pen', 'pen-1');
    await expect(purchase('reuse', 'other-pen', 'pen-1')).rejects.toMatchObject({
      ...refusal,
      metadata: { idempotency_key: 'pen-1' },
    });
    expect(await balanceOf('reuse')).toBe(400n);
    // Another user's key is another key.
    await credit('reuse-too', 501n, 'key');
  });

  it.each([
    ['is missing', '', {}],
    ['differs between the two places', 'one', { 'idempotency-key': 'two' }],
    ['is empty in the metadata', 'one', { 'idempotency-key': '' }],
    // With a colon it could be that of another system on the ledger.
    ['has other characters in the metadata', '', { 'idempotency-key': 'peepcoins:route-added:7' }],
    ['has other characters in the field', 'a:b', {}],
  ])('is refused when it %s', async (_, idempotencyKey, headers) => {
    const request = { userId: 'ada', amountCents: 5n, idempotencyKey };
    await expect(shop.call.credit(request, { ...as('ada'), ...headers })).rejects.toMatchObject({
      ...{ code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD', fields: ['idempotency_key'] },
    });
    expect(await balanceOf('ada')).toBe(0n);
  });
});

describe('a purchase', () => {
  it('may spend the whole balance and never more, however many happen at once', async () => {
    await putItem('book', 250n);
    await credit('reader', 1_000n, 'salary');
    const results = await Promise.allSettled(
      Array.from({ length: 12 }, (_, n) => purchase('reader', 'book', `book-${n}`)),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    for (const result of results) {
      if (result.status === 'rejected') {
        expect(result.reason).toMatchObject({
          ...{ code: 'FAILED_PRECONDITION', reason: 'INSUFFICIENT_CREDIT', domain: 'storefront.v1' },
          metadata: { balance_cents: '0', price_cents: '250' },
        });
      }
    }
    expect(await balanceOf('reader')).toBe(0n);
  });

  it('that failed stays so for its key; a new key is a new try', async () => {
    await putItem('lamp', 900n);
    await credit('patient', 899n, 'some');
    const refusal = { reason: 'INSUFFICIENT_CREDIT', metadata: { balance_cents: '899', price_cents: '900' } };
    await expect(purchase('patient', 'lamp', 'lamp')).rejects.toMatchObject(refusal);
    await credit('patient', 1n, 'more');
    await expect(purchase('patient', 'lamp', 'lamp')).rejects.toMatchObject(refusal);
    await purchase('patient', 'lamp', 'lamp-again');
    expect(await balanceOf('patient')).toBe(0n);
  });

  it('keeps the item as it was: a later price changes nothing of it', async () => {
    await putItem('mug', 300n);
    await credit('owner', 1_000n, 'salary');
    const bought = await purchase('owner', 'mug', 'mug');
    await putItem('mug', 450n, { expectedVersion: 1n, name: 'A better mug' });

    const snapshot = { itemId: 'mug', name: 'mug', version: 1n, priceCents: 300n };
    expect(bought.movement).toMatchObject({ changeCents: -300n, balanceAfterCents: 700n, item: snapshot });
    expect(await purchase('owner', 'mug', 'mug')).toEqual(bought);
    await purchase('owner', 'mug', 'second-mug');
    const { movements } = await shop.call.listHistory({ userId: 'owner' }, as('owner'));
    expect(
      movements.map(({ changeCents, balanceAfterCents, item }) => [
        ...[changeCents, balanceAfterCents, item],
      ]),
    ).toEqual([
      [-450n, 250n, { itemId: 'mug', name: 'A better mug', version: 2n, priceCents: 450n }],
      [-300n, 700n, snapshot],
      [1_000n, 1_000n, undefined],
    ]);
    const page = await shop.call.listHistory({ userId: 'owner', pageSize: 1 }, as('owner'));
    expect(page.movements).toEqual(movements.slice(0, 1));
    const { nextPageToken: pageToken } = page;
    const rest = await shop.call.listHistory({ userId: 'owner', pageToken }, as('owner'));
    expect(rest).toEqual({ movements: movements.slice(1), nextPageToken: '' });
  });

  it('pays the version that the buyer saw, or the current one when it names none', async () => {
    await putItem('bag', 100n);
    await putItem('bag', 200n, { expectedVersion: 1n });
    await credit('shopper', 1_000n, 'salary');
    expect(await purchase('shopper', 'bag', 'seen', 1n)).toMatchObject({ movement: { changeCents: -100n } });
    expect(await purchase('shopper', 'bag', 'any')).toMatchObject({ movement: { changeCents: -200n } });
  });

  it('of what is not there or not on sale is refused', async () => {
    await putItem('relic', 100n, { onSale: false });
    await credit('late', 100n, 'salary');
    await expect(purchase('late', 'relic', 'relic')).rejects.toMatchObject({
      ...{ code: 'FAILED_PRECONDITION', reason: 'ITEM_NOT_ON_SALE', metadata: { item_id: 'relic' } },
    });
    await expect(purchase('late', 'ghost', 'ghost')).rejects.toMatchObject({
      ...{ code: 'NOT_FOUND', reason: 'ITEM_NOT_FOUND', metadata: { item_id: 'ghost' } },
    });
  });

  it('is refused while an operator has frozen the account', async () => {
    await putItem('pass', 1n);
    await credit('frozen', 10n, 'salary');
    await system.ledger
      .client()
      .updateAccount({ userId: 'frozen', asset: 'USD/2', frozen: true, updateMask: ['frozen'] });
    await expect(purchase('frozen', 'pass', 'pass')).rejects.toMatchObject({ reason: 'ACCOUNT_FROZEN' });
  });
});

describe('the stock', () => {
  it('takes one of two edits that saw the same version', async () => {
    await putItem('contested', 100n);
    const edits = await Promise.allSettled(
      [200n, 300n].map((price) => putItem('contested', price, { expectedVersion: 1n })),
    );
    expect(edits.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    for (const edit of edits) {
      if (edit.status === 'rejected') {
        expect(edit.reason).toMatchObject({
          ...{ code: 'ABORTED', reason: 'ITEM_CHANGED', domain: 'storefront.v1' },
          metadata: { item_id: 'contested', expected: '1', current: '2' },
        });
      }
    }
  });

  it('shows what is on sale, and nothing of other systems on the same ledger', async () => {
    const other = { itemId: 'peepcoins/cake', name: 'Cake', asset: 'PEEP', price: 1n, active: true };
    await system.ledger.client().putItem(other);
    await putItem('hidden', 1n, { onSale: false });
    const { items, nextPageToken } = await shop.call.listItems({});
    expect(nextPageToken).toBe('');
    const ids = items.map(({ itemId }) => itemId);
    expect(ids).toEqual([...ids].sort());
    expect(ids).toContain('contested');
    expect(ids).not.toContain('hidden');
    expect(ids).not.toContain('cake');
    expect(ids.filter((id) => id.includes('/'))).toEqual([]);
  });

  it('is shown page by page, also where a page has items of other systems only', async () => {
    const other = { itemId: 'peepcoins/tart', name: 'Tart', asset: 'PEEP', price: 1n, active: true };
    await system.ledger.client().putItem(other);
    for (const itemId of ['page-1', 'page-2', 'page-3']) await putItem(itemId, 1n);
    const { items: all } = await shop.call.listItems({});
    const pages: Item[][] = [];
    let pageToken = '';
    do {
      const page = await shop.call.listItems({ pageSize: 1, pageToken });
      pages.push(page.items);
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(pages[0]).toEqual([]);
    expect(pages.flat()).toEqual(all);
    expect(pages.every(({ length }) => length <= 1)).toBe(true);
    expect(all.length).toBeGreaterThan(2);
  });

  it.each([
    ['page_size', 'negative', { pageSize: -1 }],
    ['page_size', 'too large', { pageSize: 1_001 }],
    ['page_token', 'made up', { pageToken: 'made-up' }],
    ['page_token', 'too long', { pageToken: 'A'.repeat(1_025) }],
  ])('names %s when it is %s', async (field, _, request) => {
    await expect(shop.call.listItems(request)).rejects.toMatchObject({
      ...{ code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD', domain: 'storefront.v1', fields: [field] },
    });
  });
});

it('names every field that is wrong', async () => {
  const request = { userId: 'a b', amountCents: 0n, idempotencyKey: 'k' };
  await expect(shop.call.credit(request, as('a b'))).rejects.toMatchObject({
    ...{ code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD', domain: 'storefront.v1' },
    fields: ['user_id', 'amount_cents'],
  });
});

function as(userId: string): Record<string, string> {
  return { 'x-user-id': userId };
}

function credit(userId: string, amountCents: bigint, idempotencyKey: string): ReturnType<Shop['credit']> {
  return shop.call.credit({ userId, amountCents, idempotencyKey }, as(userId));
}

function purchase(userId: string, itemId: string, idempotencyKey: string, version = 0n) {
  return shop.call.purchase({ userId, itemId, version, idempotencyKey }, as(userId));
}

function putItem(
  itemId: string,
  priceCents: bigint,
  { expectedVersion = 0n, name = itemId, onSale = true } = {},
) {
  const idempotencyKey = `${itemId}-${priceCents}`;
  return stock.call.putItem({ itemId, name, priceCents, onSale, expectedVersion, idempotencyKey });
}

async function balanceOf(userId: string): Promise<bigint> {
  return (await shop.call.getBalance({ userId }, as(userId))).balanceCents;
}
