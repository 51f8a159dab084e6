import { LedgerClient } from '@ledger/client';
import { checkLedger } from '../support/check-ledger';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../support/ledger-under-test';

const WRITES = 300;
const CALLERS = 40;
const KILLS = 8;
const USERS = 10;

describe.each(TOPOLOGIES)('a server that loses its database connections ($topology)', ({ servers }) => {
  let ledger: LedgerUnderTest;
  let clients: LedgerClient[];

  beforeAll(async () => {
    ledger = await startLedger(servers);
    clients = ledger.servers.map(
      ({ address }) => new LedgerClient({ address, timeoutMs: 20_000, retry: { maxAttempts: 40 } }),
    );
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await ledger.dispose();
  });

  it('answers every write in the end, and books each once', async () => {
    let done = 0;
    let killed = 0;
    const waiting = Array.from({ length: WRITES }, (_, n) => n);
    const caller = async (): Promise<void> => {
      for (let n = waiting.shift(); n !== undefined; n = waiting.shift()) {
        await credit(n);
        done += 1;
      }
    };
    const killer = async (): Promise<void> => {
      // One round of kills for each part of the work that is done.
      while (done < WRITES) {
        if (done < (killed * WRITES) / KILLS)
          await ledger.client().getBalance({ userId: 'user-0', asset: 'GOLD' });
        else killed += (await kill()) > 0 ? 1 : 0;
      }
    };
    await Promise.all([killer(), ...Array.from({ length: CALLERS }, caller)]);

    expect(killed).toBeGreaterThanOrEqual(KILLS / 2);
    expect(ledger.servers.flatMap(({ faults }) => faults).length).toBeGreaterThan(0);
    expect(await checkLedger(ledger.database)).toEqual([]);
    for (let user = 0; user < USERS; user += 1) {
      const { balance } = await clients[0]!.getBalance({ userId: `user-${user}`, asset: 'GOLD' });
      expect(balance).toMatchObject({ balance: BigInt(WRITES / USERS), sequence: BigInt(WRITES / USERS) });
    }
    // Whatever became of an attempt, the request has its one answer.
    const again = await Promise.all(Array.from({ length: WRITES }, (_, n) => credit(n, 1)));
    expect(again.filter(({ replayed }) => !replayed)).toEqual([]);
  }, 60_000);

  function credit(n: number, turn = 0) {
    const client = clients[(n + turn) % clients.length]!;
    return client.credit({ requestId: `write-${n}`, userId: `user-${n % USERS}`, asset: 'GOLD', amount: 1n });
  }

  async function kill(): Promise<number> {
    const ended = await ledger.database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'ledger-%'`,
    );
    return ended.length;
  }
});
