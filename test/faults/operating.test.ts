import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { LedgerClient } from '@ledger/client';
import { checkLedger } from '../harness/check-ledger';
import { watchHealth } from '../harness/health-client';
import { LedgerProcess, type Ending } from '../harness/ledger-process';
import { openDatabase } from '../harness/test-database';
import { TestDataDirectory } from '../harness/test-data-directory';
import { waitUntil } from '../harness/wait-until';
import { prelude } from '../model/write-of-draft';
import { WORLD } from './world';
import { Journal } from './journal';
import { runLoad } from './load';
import { Random } from '../harness/random';
import { Servers } from './servers';
import { replayAnswered, resolveUnanswered } from './resend';

/** A shutdown timeout that no stop in this file may reach. */
const LONG_MS = '120000';
const STOP_LIMIT_MS = 40_000;
const SECRET = 'S3cret-of-the-database';

jest.setTimeout(120_000);

/** Creating a cluster takes longest, so tests that need no new one share this directory in turn. */
const shared = new TestDataDirectory();
const servers: LedgerProcess[] = [];
const clients: (LedgerClient | Servers)[] = [];
const directories: TestDataDirectory[] = [];
const listeners: Server[] = [];

afterEach(async () => {
  const said = servers.map((server) => server.output).join('');
  const secrets = [SECRET, ...[shared, ...directories].flatMap((directory) => passwordOf(directory))];
  for (const client of clients.splice(0)) client.close();
  await Promise.all(servers.splice(0).map((server) => server.dispose()));
  await Promise.all(directories.splice(0).map((directory) => directory.remove()));
  for (const listener of listeners.splice(0)) listener.close();
  // No start in this file may log a secret, not even a failed one.
  for (const secret of secrets) expect(said).not.toContain(secret);
});

afterAll(() => shared.remove());

describe('SIGTERM', () => {
  test('under load exits with code 0: every accepted write is on disk, and Postgres has exited', async () => {
    const server = start({ LEDGER_DATA_DIR: shared.path, LEDGER_SHUTDOWN_TIMEOUT_MS: LONG_MS });
    const journal = new Journal();
    await loadUntilStopped(server, journal);
    expect(await server.ended(STOP_LIMIT_MS)).toEqual({ code: 0, signal: null });
    expect(shared.processes()).toEqual([]);
    expect(server.lines.at(-1)?.msg).toBe('stopped');

    const again = start({ LEDGER_DATA_DIR: shared.path });
    const callers = serve(await again.listening());
    await resolveUnanswered(callers, new Random(4), journal);
    await replayAnswered(callers, new Random(5), journal, journal.writes);
    expect(journal.violations).toEqual([]);
    expect(await checkLedger(openDatabase(shared.url))).toEqual([]);
  });

  test('during the start stops the server as soon as it is up', async () => {
    const directory = makeDirectory();
    const server = start({ LEDGER_DATA_DIR: directory.path });
    await server.logged('a new Postgres cluster is created');
    server.kill('SIGTERM');
    expect(await server.ended()).toEqual({ code: 0, signal: null });
    expect(directory.processes()).toEqual([]);
  });

  test('does not wait for a caller that watches the health service', async () => {
    const server = start({ LEDGER_DATA_DIR: shared.path, LEDGER_SHUTDOWN_TIMEOUT_MS: LONG_MS });
    const health = watchHealth(await server.listening());
    try {
      await waitUntil('SERVING', () => health.seen.includes('SERVING'));
      server.kill('SIGTERM');
      expect(await server.ended(STOP_LIMIT_MS)).toEqual({ code: 0, signal: null });
      expect(health.seen).toEqual(['SERVING', 'NOT_SERVING']);
    } finally {
      health.end();
    }
  });
});

describe('a server that cannot start', () => {
  test('refuses a data directory that another server uses, and that server goes on', async () => {
    const first = start({ LEDGER_DATA_DIR: shared.path });
    const client = connect(await first.listening());
    const { postmasterPid } = shared;

    const second = await refusal({ LEDGER_DATA_DIR: shared.path });
    expect(second.code).toBe(1);
    expect(second.said).toBe(
      `ledger: The data directory ${shared.path} is already in use by another server, whose Postgres has ` +
        `pid ${postmasterPid}. Stop that server, or give this one a data directory of its own.`,
    );
    const { balance } = await client.credit({ userId: 'zoe', asset: 'GOLD', amount: 5n });
    expect(balance.balance).toBe(5n);
    expect(shared.postmasterPid).toBe(postmasterPid);
    expect(first.ending).toBeUndefined();
  });

  test('says which address is taken, and stops its Postgres', async () => {
    const address = await listen();
    const { code, said } = await refusal({ LEDGER_DATA_DIR: shared.path, LEDGER_LISTEN: address });
    expect(code).toBe(1);
    expect(said).toMatch(`ledger: cannot listen on ${address} (LEDGER_LISTEN): `);
    expect(said).toContain('EADDRINUSE');
    expect(shared.processes()).toEqual([]);
  });

  test('refuses the data of another major version of Postgres', async () => {
    const directory = makeDirectory();
    for (const file of ['PG_VERSION', 'global/pg_control', 'pg_hba.conf', 'postgresql.conf']) {
      mkdirSync(dirname(join(directory.cluster, file)), { recursive: true });
      writeFileSync(join(directory.cluster, file), '12\n');
    }
    const { code, said } = await refusal({ LEDGER_DATA_DIR: directory.path });
    expect(code).toBe(1);
    expect(said).toMatch(
      `ledger: ${directory.cluster} holds the data of Postgres 12, and the embedded one is `,
    );
    expect(said).toContain('set DATABASE_URL');
    expect(directory.processes()).toEqual([]);
  });

  test.each([
    ['nobody listens', 'serve', () => '127.0.0.1:1/ledger', 'ECONNREFUSED'],
    ['nobody listens, for migrate', 'migrate', () => 'localhost:1/ledger', 'ECONNREFUSED'],
    ['nobody answers', 'serve', () => listen(), 'timeout'],
    ['the password is wrong', 'serve', () => ofCluster('/postgres'), 'password authentication failed'],
  ])('says why it cannot use the database: %s', async (_what, command, place, reason) => {
    const url = `postgres://ledger:${SECRET}@${await place()}`;
    const { code, said } = await refusal({ DATABASE_URL: url }, [command]);
    expect(code).toBe(1);
    expect(said).toMatch(/^ledger: cannot use the database: /);
    expect(said).toContain(reason);
  });

  test('says that the database does not exist', async () => {
    const url = new URL(clusterUrl());
    url.pathname = '/no_such_database';
    const { code, said } = await refusal({ DATABASE_URL: url.href });
    expect({ code, said }).toEqual({
      code: 1,
      said: 'ledger: cannot use the database: database "no_such_database" does not exist',
    });
  });

  test.each([
    ['LEDGER_LISTEN', 'everywhere'],
    ['LEDGER_BATCH_WORKERS', 'many'],
    ['LEDGER_LOG_LEVEL', 'loud'],
    ['DATABASE_URL', `mysql://ledger:${SECRET}@127.0.0.1/ledger`],
    ['MIGRATION_DATABASE_URL', SECRET],
  ])('names the variable of a bad setting: %s=%s', async (name, value) => {
    const { code, said } = await refusal({ [name]: value });
    expect(code).toBe(2);
    expect(said).toMatch(new RegExp(`^ledger: ${name} must be `));
  });

  test('prints its usage', async () => {
    expect(await refusal({}, ['serv'])).toEqual({
      code: 2,
      said: 'ledger: usage: ledger-server [serve|migrate|healthcheck|checkpoint]',
    });
    for (const line of [['--help'], ['-h'], ['help'], ['serve', '--help'], ['migrate', '-h']]) {
      const server = start({}, line);
      expect(await server.ended()).toMatchObject({ code: 0 });
      expect(server.output).toMatch(/^usage: ledger-server \[serve\|migrate\|healthcheck\|checkpoint\]\n/);
    }
    expect(await refusal({}, ['migrate'])).toEqual({ code: 2, said: 'ledger: migrate needs DATABASE_URL' });
  });
});

/** Starts a server, waits until it exits by itself, and returns the one line that it prints. */
async function refusal(
  settings: Record<string, string>,
  programArguments: string[] = [],
): Promise<{ code: Ending['code']; said: string }> {
  const server = start(settings, programArguments);
  const { code } = await server.ended();
  expect(server.errorOutput.trimEnd().split('\n')).toHaveLength(1);
  return { code, said: server.errorOutput.trimEnd() };
}

/** Writes with many callers, stops the server during the load, and resolves when the callers have noticed. */
async function loadUntilStopped(server: LedgerProcess, journal: Journal): Promise<void> {
  const callers = serve(await server.listening());
  const random = new Random(3);
  for (const write of prelude(WORLD)) journal.recordIntent(0, write);
  await resolveUnanswered(callers, random, journal);
  journal.onAnswer = (answers) => {
    if (answers === 300) server.kill('SIGTERM');
  };
  // The callers go on while the server stops, so that it has to refuse calls, too.
  const isOver = (): boolean => journal.unansweredCalls > 60 || server.ending !== undefined;
  await runLoad({ round: 1, workers: 24, random, servers: callers, journal, isOver });
  expect(journal.answers).toBeGreaterThanOrEqual(300);
}

function start(settings: Record<string, string>, programArguments: string[] = []): LedgerProcess {
  const server = new LedgerProcess(settings, programArguments);
  servers.push(server);
  return server;
}

function serve(address: string): Servers {
  const callers = new Servers([address]);
  clients.push(callers);
  return callers;
}

function connect(address: string): LedgerClient {
  const client = new LedgerClient({ address });
  clients.push(client);
  return client;
}

function makeDirectory(): TestDataDirectory {
  const directory = new TestDataDirectory();
  directories.push(directory);
  return directory;
}

/** The password of the cluster; empty when no cluster was created. */
function passwordOf(directory: TestDataDirectory): string[] {
  try {
    return [directory.password];
  } catch {
    return [];
  }
}

/** An address that is taken by a listener that never responds. */
async function listen(): Promise<string> {
  const listener = createServer((socket) => socket.on('error', () => undefined));
  listeners.push(listener);
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(listener.address() as AddressInfo).port}`;
}

function ofCluster(path: string): string {
  return new URL(clusterUrl()).host + path;
}

function clusterUrl(): string {
  return process.env['LEDGER_TEST_CLUSTER_URL'] ?? '';
}
