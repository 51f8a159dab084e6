import { createServer, type AddressInfo } from 'node:net';
import { LedgerClient } from '@ledger/client';
import { AN_HOUR_MS } from '../harness/limits';
import { checkLedger } from '../harness/check-ledger';
import { LedgerProcess } from '../harness/ledger-process';
import { createTestDatabase, type TestDatabase } from '../harness/test-database';
import { waitUntil } from '../harness/wait-until';

const CONNECTIONS = 6;
const WRITES_EACH = 150;

jest.setTimeout(60_000);

describe('several server processes on one port', () => {
  let database: TestDatabase;
  let server: LedgerProcess;
  let clients: LedgerClient[];

  beforeEach(async () => {
    database = await createTestDatabase();
    server = new LedgerProcess({ DATABASE_URL: database.url, LEDGER_PROCESSES: '2' });
    clients = [];
  });
  afterEach(async () => {
    for (const client of clients) client.close();
    await server.dispose();
    await waitUntil('no server process is left', () => processPids().every((pid) => !isAlive(pid)));
    await database.drop();
  });

  it('answer calls on each connection, and end as one', async () => {
    await connect();
    await Promise.all(clients.map((client) => client.credit({ userId: 'ada', asset: 'GOLD', amount: 1n })));
    const { balance } = await clients[0]!.getBalance({ userId: 'ada', asset: 'GOLD' });
    expect(balance).toMatchObject({ balance: BigInt(CONNECTIONS) });

    server.kill('SIGTERM');
    expect(await server.ended()).toEqual({ code: 0, signal: null });
    expect(processPids()).toHaveLength(2);
    expect(processPids().filter(isAlive)).toEqual([]);
    // Connections are handed out in turn.
    expect(new Set(callsOf(server).map((call) => call.process))).toEqual(new Set([1, 2]));
    expect(await checkLedger(database)).toEqual([]);
  });

  it('go on when one is killed amid writes: it is replaced, and repeats find what was booked', async () => {
    await connect();
    const [victim] = processPids();
    let answered = 0;
    const writing = clients.map(async (client) => {
      for (let n = 0; n < WRITES_EACH; n += 1) {
        // The client repeats it with its request id when the connection breaks.
        await client.credit({ userId: 'ada', asset: 'GOLD', amount: 1n }, { timeoutMs: AN_HOUR_MS });
        answered += 1;
      }
    });
    await waitUntil('writes are under way', () => answered > CONNECTIONS * 10);
    process.kill(victim!, 'SIGKILL');
    await Promise.all(writing);

    const { balance } = await clients[0]!.getBalance({ userId: 'ada', asset: 'GOLD' });
    expect(balance).toMatchObject({ balance: BigInt(CONNECTIONS * WRITES_EACH) });
    expect(await checkLedger(database)).toEqual([]);
    expect(await server.logged('a server process died')).toMatchObject({ pid: victim, signal: 'SIGKILL' });
    await waitUntil('another one is in its place', () => listening().length === 3);
    expect(processPids().filter(isAlive)).toHaveLength(2);
    expect(server.ending).toBeUndefined();
  });

  it('are ended, those at work too, when the process that looks after them is told to stop', async () => {
    await connect();
    let failure: unknown;
    const writing = clients.map(async (client) => {
      try {
        for (;;) {
          await client.credit({ userId: 'ada', asset: 'GOLD', amount: 1n }, { timeoutMs: 2_000 });
        }
      } catch (error) {
        failure = error;
      }
    });
    server.kill('SIGTERM');
    expect(await server.ended()).toEqual({ code: 0, signal: null });
    await Promise.all(writing);
    expect(failure).toMatchObject({ name: 'LedgerError' });
    expect(server.lines.some(({ msg }) => msg === 'calls still ran after the shutdown timeout')).toBe(false);
    expect(await checkLedger(database)).toEqual([]);
  });

  async function connect(): Promise<void> {
    await server.listening();
    await waitUntil('both listen', () => listening().length === 2);
    const address = await server.listening();
    // Each with a connection of its own, where grpc-js would share one.
    const channelOptions = { 'grpc.use_local_subchannel_pool': 1 };
    clients = Array.from({ length: CONNECTIONS }, () => new LedgerClient({ address, channelOptions }));
  }

  function listening(): unknown[] {
    return server.lines.filter((line) => line.msg === 'listening' && line['process'] !== undefined);
  }

  function processPids(): number[] {
    return server.lines.filter(({ msg }) => msg === 'server process started').map(({ pid }) => Number(pid));
  }
});

describe('server processes that cannot start', () => {
  it('end with the reason and leave none behind', async () => {
    const database = await createTestDatabase();
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const listen = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
    const server = new LedgerProcess({
      DATABASE_URL: database.url,
      LEDGER_PROCESSES: '2',
      LEDGER_LISTEN: listen,
    });
    try {
      expect(await server.ended()).toEqual({ code: 1, signal: null });
      expect(server.errorOutput).toContain(`cannot listen on ${listen} (LEDGER_LISTEN)`);
      expect(server.errorOutput).toContain('ledger: a server process ended before it listened');
      const pids = server.lines
        .filter(({ msg }) => msg === 'server process started')
        .map(({ pid }) => Number(pid));
      expect(pids).toHaveLength(2);
      expect(pids.filter(isAlive)).toEqual([]);
    } finally {
      await server.dispose();
      taken.close();
      await database.drop();
    }
  });
});

function callsOf(server: LedgerProcess): { process?: number }[] {
  return server.output
    .split('\n')
    .filter((line) => line.includes('"msg":"call"'))
    .map((line) => JSON.parse(line) as { process?: number });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
