import { LedgerClient } from '@ledger/client';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { verify } from '../harness/verification';
import { waitUntil } from '../harness/wait-until';
import { watch } from '../harness/watching';

const WATCHES_MAX = 2;

let ledger: LedgerUnderTest;
let caller: LedgerClient;
let other: LedgerClient;

beforeAll(async () => {
  ledger = await startLedger(1, { watchesPerCallerMax: WATCHES_MAX, watchHeartbeatMs: 20 });
  const open = (): LedgerClient =>
    new LedgerClient({ address: ledger.servers[0]!.address, retry: { maxAttempts: 1 } });
  [caller, other] = [open(), open()];
});
afterAll(async () => {
  caller.close();
  other.close();
  await ledger.dispose();
});

it('a caller has only so many streams of entries, which takes none from others', async () => {
  const watches = Array.from({ length: WATCHES_MAX }, () => watch(caller, {}));
  await Promise.all(watches.map((each) => each.opened()));
  await expect(first(caller)).rejects.toMatchObject({
    reason: 'OVERLOADED',
    metadata: { limit: String(WATCHES_MAX) },
  });
  expect(await first(other)).toBeDefined();

  await watches[0]!.stop();
  // The server hears of it a little later.
  await waitUntil('there is a place again', () => first(caller).then(Boolean, () => false));
  await watches[1]!.stop();
});

it('a caller has one verification at a time, and another one has its own', async () => {
  const results = await Promise.allSettled([verify(caller), verify(caller), verify(other)]);
  const reasons = results.map((each) =>
    each.status === 'fulfilled' ? 'done' : (each.reason as { reason: string }).reason,
  );
  expect(reasons.filter((each) => each === 'OVERLOADED')).toHaveLength(1);
  expect(reasons[2]).toBe('done');
});

/** The first message of a stream that then ends. */
async function first(client: LedgerClient): Promise<unknown> {
  for await (const message of client.watchEntries({})) return message;
  return undefined;
}
