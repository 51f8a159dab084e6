/** @paused: also run by `npm run test:paused`. */
import type { LedgerClient, WatchEntriesRequest } from '@ledger/client';
import { checkLedger } from '../harness/check-ledger';
import { AN_HOUR_MS } from '../harness/limits';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { faultsOf, firstOf, keyOf, storedKeys, watch, type StoredKey } from '../harness/watching';

const USERS = Array.from({ length: 8 }, (_, n) => `user-${n.toString().padStart(2, '0')}`);
const FILTERS: readonly WatchEntriesRequest[] = [
  {},
  { asset: 'GOLD' },
  { asset: 'NONE' },
  { userId: 'user-03' },
  { userId: 'user-03', asset: 'GOLD' },
  { userId: '@issuance' },
  { userId: '@issuance', asset: 'GOLD' },
  { userId: '@revenue', asset: 'GOLD' },
  { userId: 'nobody' },
];

let ledger: LedgerUnderTest;

beforeAll(async () => {
  ledger = await startLedger(2, { batchWorkers: 3, watchHeartbeatMs: 50 });
});
afterAll(() => ledger.dispose());

/** In this order: each test looks at what the ones before have booked. */
describe('a stream of entries', () => {
  it('gives every entry once and in order while two servers book', async () => {
    const early = FILTERS.map((filter, turn) => watching(filter, turn));
    await Promise.all(early.map(({ stream }) => stream.opened()));
    await book(ledger.client(0), ledger.client(1));
    const late = FILTERS.map((filter, turn) => watching({ ...filter, fromStart: true }, turn + 1));

    const stored = await storedKeys(ledger.database);
    expect(stored.length).toBeGreaterThan(600);
    for (const { filter, stream } of [...early, ...late]) {
      const expected = keysOf(stored, filter);
      await stream.untilEntries(expected.length);
      // Whatever came twice would come now.
      await stream.untilHeartbeats(2);
      await stream.stop();
      expect(faultsOf(stream.keys())).toEqual([]);
      expect(stream.keys()).toEqual(expected);
    }
    expect(await checkLedger(ledger.database)).toEqual([]);
  });

  it.each([FILTERS[0]!, FILTERS[3]!, FILTERS[6]!])(
    'of %j goes on behind every token, at any server',
    async (filter) => {
      const expected = keysOf(await storedKeys(ledger.database), filter);
      const messages = await firstOf(
        ledger.client(),
        { ...filter, fromStart: true },
        expected.length + 1,
        () => true,
      );
      expect(messages).toHaveLength(expected.length + 1);
      const step = Math.ceil(expected.length / 50);
      const tried = messages
        .map((message, index) => ({ ...message, index }))
        .filter(({ index }) => index % step === 0);
      const next = await Promise.all(
        tried
          .filter(({ index }) => index < expected.length)
          .map(async ({ resumeToken, index }) => {
            const [first] = await firstOf(ledger.client(index), { ...filter, resumeToken }, 1);
            return keyOf(first!.entry!);
          }),
      );
      expect(next).toEqual(expected.filter((_, index) => index % step === 0));
    },
  );

  it('goes on behind the token of a heartbeat', async () => {
    const filter = { userId: 'user-05', asset: 'GOLD' };
    const [, , heartbeat] = await firstOf(ledger.client(0), filter, 3, ({ entry }) => entry === undefined);
    await ledger.client(1).credit({ ...filter, amount: 5n });
    await ledger.client(0).credit({ ...filter, amount: 6n });
    const { resumeToken } = heartbeat!;
    const found = await firstOf(ledger.client(1), { ...filter, resumeToken }, 2);
    expect(found.map(({ entry }) => entry?.change)).toEqual([5n, 6n]);
  });

  it('gives what an entry is', async () => {
    const filter = { userId: 'user-06', asset: 'SILVER' };
    const opened = watch(ledger.client(1), filter);
    await opened.opened();
    const { transaction } = await ledger.client(0).credit({ ...filter, amount: 7n });
    await opened.untilEntries(1);
    await opened.stop();
    const [entry] = opened.messages.flatMap((message) => message.entry ?? []);
    expect(entry).toEqual(transaction.entries.find(({ userId }) => userId === 'user-06'));
  });
});

it('a stream brings what another server booked without waiting for a heartbeat', async () => {
  const calm = await startLedger(2, { watchHeartbeatMs: AN_HOUR_MS });
  try {
    const filter = { userId: 'user-07', asset: 'GOLD' };
    const opened = watch(calm.client(1), filter);
    await opened.opened();
    for (let n = 1; n <= 20; n += 1) {
      await calm.client(0).credit({ ...filter, amount: 1n });
      await opened.untilEntries(n);
    }
    await opened.stop();
    // The first message opens the stream; all others are entries.
    expect(opened.messages).toHaveLength(21);
  } finally {
    await calm.dispose();
  }
});

function watching(filter: WatchEntriesRequest, turn: number) {
  return { filter, stream: watch(ledger.client(turn), filter) };
}

function keysOf(stored: readonly StoredKey[], { userId, asset }: WatchEntriesRequest): string[] {
  return stored
    .filter((key) => (userId ?? key.userId) === key.userId && (asset ?? key.asset) === key.asset)
    .map(keyOf);
}

/** Credits, purchases and transfers of the same users at both servers at once. */
async function book(...clients: readonly LedgerClient[]): Promise<void> {
  const item = { itemId: 'mug', name: 'Mug', asset: 'GOLD', price: 2n, active: true, grantAsset: 'MUG' };
  await clients[0]!.putItem(item);
  const subject = { $case: 'item', value: { itemId: 'mug', quantity: 1n } } as const;
  const round = async (client: LedgerClient, userId: string, n: number): Promise<void> => {
    const toUserId = USERS[(USERS.indexOf(userId) + 1 + n) % USERS.length]!;
    await client.credit({ userId, asset: n % 3 === 0 ? 'SILVER' : 'GOLD', amount: 20n });
    await client.credit({ userId, asset: 'GOLD', amount: 20n });
    await client.purchase({ userId, subject });
    if (toUserId !== userId)
      await client.transfer({ fromUserId: userId, toUserId, asset: 'GOLD', amount: 3n });
  };
  await Promise.all(
    clients.flatMap((client) =>
      USERS.map(async (userId) => {
        for (let n = 0; n < 4; n += 1) await round(client, userId, n);
      }),
    ),
  );
}
