import { LedgerClient } from '@ledger/client';
import { AN_HOUR_MS } from '../harness/limits';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';

const WRITES_LEAST = 300;
const CALLERS = 40;
const KILLS = 8;
const USERS = 10;

describe.each(TOPOLOGIES)('a server that loses its database connections ($topology)', ({ servers }) => {
  let ledger: LedgerUnderTest;
  let clients: LedgerClient[];

  beforeAll(async () => {
    ledger = await startLedger(servers);
    clients = ledger.servers.map(
      ({ address }) => new LedgerClient({ address, timeoutMs: AN_HOUR_MS, retry: { maxAttempts: 40 } }),
    );
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await ledger.dispose();
  });

  it('answers every write in the end, and books each once', async () => {
    let sent = 0;
    let done = 0;
    let killed = 0;
    const caller = async (): Promise<void> => {
      while (sent < WRITES_LEAST || killed < KILLS) {
        const n = sent;
        sent += 1;
        await credit(n);
        done += 1;
      }
    };
    const killer = async (): Promise<void> => {
      while (killed < KILLS) {
        const before = done;
        if ((await kill()) > 0) killed += 1;
        // Each time some writes get through.
        while (done < before + CALLERS / 2)
          await ledger.client().getBalance({ userId: 'user-0', asset: 'GOLD' });
      }
    };
    await Promise.all([killer(), ...Array.from({ length: CALLERS }, caller)]);

    expect(ledger.servers.flatMap(({ faults }) => faults).length).toBeGreaterThan(0);
    expect(await checkLedger(ledger.database)).toEqual([]);
    for (let user = 0; user < USERS; user += 1) {
      const { balance } = await clients[0]!.getBalance({ userId: `user-${user}`, asset: 'GOLD' });
      const writes = BigInt(Math.ceil((sent - user) / USERS));
      expect(balance).toMatchObject({ balance: writes, sequence: writes });
    }
    // Whatever became of an attempt, the request has its one answer.
    const again = await Promise.all(Array.from({ length: sent }, (_, n) => credit(n, 1)));
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
