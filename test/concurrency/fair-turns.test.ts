/** @paused: also run by `npm run test:paused`. */
import { LedgerClient } from '@ledger/client';
import { lockAccount, type AccountLock } from '../harness/account-lock';
import { AN_HOUR_MS } from '../harness/limits';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { waitUntil } from '../harness/wait-until';

const BATCH_MAX = 10;
const GREEDY = 200;

describe('a caller that sends much', () => {
  let ledger: LedgerUnderTest;
  let greedy: LedgerClient;
  let polite: LedgerClient;
  let lock: AccountLock;

  beforeAll(async () => {
    ledger = await startLedger(1, { batchWorkers: 1, batchMax: BATCH_MAX, queueMax: GREEDY });
    const address = ledger.servers[0]!.address;
    const open = (): LedgerClient =>
      new LedgerClient({ address, coalesce: false, timeoutMs: AN_HOUR_MS, retry: { maxAttempts: 1 } });
    [greedy, polite] = [open(), open()];
    await greedy.credit({ userId: 'locked', asset: 'GOLD', amount: 1n });
  });
  beforeEach(async () => {
    lock = await lockAccount(ledger.database, 'locked', 'GOLD');
    ledger.servers[0]!.calls.length = 0;
  });
  afterEach(() => lock.release());
  afterAll(async () => {
    greedy.close();
    polite.close();
    await ledger.dispose();
  });

  /** Sends credits while the only batch that may run waits for a row. */
  async function send(
    client: LedgerClient,
    name: string,
    count: number,
  ): Promise<PromiseSettledResult<unknown>[]> {
    return Promise.allSettled(
      Array.from({ length: count }, (_, n) =>
        client.credit({ requestId: `${name}-${n}`, userId: `${name}-${n}`, asset: 'GOLD', amount: 1n }),
      ),
    );
  }

  const answered = (): string[] => ledger.servers[0]!.calls.flatMap(({ requestId }) => requestId ?? []);

  it('waits behind itself: another caller has its turn in the next batch', async () => {
    const first = greedy.credit({ requestId: 'first', userId: 'locked', asset: 'GOLD', amount: 1n });
    await lock.untilBlocked();
    const much = send(greedy, 'greedy', GREEDY - BATCH_MAX);
    // Its answer shows that what was sent before it on the connection has reached the queue.
    await greedy.getBalance({ userId: 'locked', asset: 'GOLD' });
    const little = send(polite, 'polite', 3);
    await polite.getBalance({ userId: 'locked', asset: 'GOLD' });
    await lock.release();
    await Promise.all([first, much, little]);
    // The batch that was blocked, and the one after it.
    expect(answered().slice(0, 1 + BATCH_MAX)).toEqual(
      expect.arrayContaining(['first', 'polite-0', 'polite-1', 'polite-2']),
    );
  });

  it('loses places in a full queue to one that has few', async () => {
    const first = greedy.credit({ requestId: 'again', userId: 'locked', asset: 'GOLD', amount: 1n });
    await lock.untilBlocked();
    const much = send(greedy, 'more', GREEDY);
    await greedy.getBalance({ userId: 'locked', asset: 'GOLD' });
    const little = send(polite, 'few', 2);
    await waitUntil('two of the greedy caller made room', () => answered().length === 2);
    await lock.release();
    await first;
    expect((await little).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    const refused = (await much).filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(2);
    expect(refused[0]).toMatchObject({
      reason: { reason: 'OVERLOADED', metadata: { limit: String(GREEDY) } },
    });
  });
});
