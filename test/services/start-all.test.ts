import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { checkHealth } from '../harness/health-client';
import { TestDataDirectory } from '../harness/test-data-directory';
import { createEmptyDatabase, openDatabase, type TestDatabase } from '../harness/test-database';
import { untilAlone } from '../harness/until-alone';
import { waitUntil } from '../harness/wait-until';

const PROGRAM = join(__dirname, '..', '..', 'services', 'start-all', 'dist', 'main.js');
const BUF = require.resolve('@bufbuild/buf/bin/buf');
const OWN_DATA = ['peepcoins', 'cauldrons'];
const SERVICES = [...OWN_DATA, 'storefront'];
const ANY_PORT = '127.0.0.1:0';
const START_LIMIT_MS = 60_000;

let database: TestDatabase;
let started: StartedAll;

beforeEach(async () => {
  database = await createEmptyDatabase();
});
afterEach(async () => {
  started.kill('SIGTERM');
  await started.ended();
  for (const name of OWN_DATA) {
    await database.query(`DROP DATABASE IF EXISTS ${new URL(databaseOf(name)).pathname.slice(1)}`);
  }
  await database.drop();
});

it(
  'starts the ledger and every service on it, and stops them all',
  async () => {
    started = new StartedAll(variables());
    await started.says('all are up');
    for (const name of ['ledger', ...SERVICES]) {
      expect(await checkHealth(started.addressOf(name))).toBe('SERVING');
    }
    const { host, pathname } = new URL(database.url);
    expect(started.output).toContain(`with the Postgres at ${host}${pathname}\n`);
    for (const option of nodeOptionsOfNpmStart()) {
      expect(await argumentsOf(started.pidOf('ledger'))).toContain(option);
    }
    expect(await openDatabase(databaseOf('peepcoins')).query('SELECT FROM routes')).toEqual([]);
    expect(await openDatabase(databaseOf('cauldrons')).query('SELECT FROM recipes')).toEqual([]);

    started.kill('SIGINT');
    expect(await started.ended()).toBe(0);
    expect(started.output).toContain('start-all: all have stopped');
    await untilAlone(database);
    await untilGone(started);
  },
  START_LIMIT_MS,
);

it(
  'starts services that buf curl can call, knowing nothing but their reflection',
  async () => {
    started = new StartedAll(variables());
    await started.says('all are up');
    const route = { request_id: 'route-1', user_id: 'maya', name: 'Mission Peak', reward: 50 };
    expect(await bufCurl('peepcoins', 'peepcoins.v1.PeepcoinsService/AddRoute', route)).toMatchObject({
      movement: { change: '5', balanceAfter: '5' },
    });
    const credit = { user_id: 'ada', amount_cents: 2000, idempotency_key: 'salary' };
    const acting = ['-H', 'x-user-id: ada'];
    expect(
      await bufCurl('storefront', 'storefront.v1.StorefrontService/Credit', credit, acting),
    ).toMatchObject({ movement: { balanceAfterCents: '2000' } });
    const opening = { shop_id: 'cove', reset_id: 'opening' };
    await bufCurl('cauldrons', 'cauldrons.v1.CauldronsService/ResetShop', opening);
    // All of them have booked in the one ledger.
    for (const [userId, asset, balance] of [
      ['maya', 'PEEP', '5'],
      ['ada', 'USD/2', '2000'],
      ['cauldrons/cove', 'GOLD', '100'],
    ]) {
      expect(
        await bufCurl('ledger', 'ledger.v1.LedgerService/GetBalance', { user_id: userId, asset }),
      ).toMatchObject({ balance: { balance } });
    }
  },
  START_LIMIT_MS,
);

it(
  'ends as a whole, with a message, when one of them dies',
  async () => {
    started = new StartedAll(variables());
    await started.says('all are up');
    process.kill(started.pidOf('storefront'), 'SIGKILL');
    expect(await started.ended()).toBe(1);
    expect(started.output).toContain('start-all: storefront has ended: SIGKILL');
    await untilGone(started);
  },
  START_LIMIT_MS,
);

it(
  'leaves nothing running, its own Postgres included, when it is killed',
  async () => {
    const directory = new TestDataDirectory();
    try {
      started = new StartedAll({ ...addresses(), LEDGER_DATA_DIR: directory.path });
      await started.says('all are up');
      expect(directory.processes()).not.toEqual([]);
      expect(started.output).toContain(`the embedded Postgres is ready, data in ${directory.path}`);
      expect(started.output).not.toContain('DATABASE_URL');
      started.kill('SIGKILL');
      await started.ended();
      await untilGone(started);
      await waitUntil('Postgres is gone', () => directory.processes().length === 0);
    } finally {
      await directory.remove();
    }
  },
  START_LIMIT_MS,
);

it(
  'ends as a whole, with a message, when one of them cannot start',
  async () => {
    started = new StartedAll({ ...variables(), STOREFRONT_LISTEN: 'nowhere' });
    expect(await started.ended()).toBe(1);
    expect(started.output).toContain('storefront: STOREFRONT_LISTEN must be host:port');
    expect(started.output).toContain('start-all: storefront has ended: exit code 2');
    await untilAlone(database);
  },
  START_LIMIT_MS,
);

/** Any port for each, and a database of this test's own for each that owns data. */
function variables(): Record<string, string> {
  return {
    ...addresses(),
    DATABASE_URL: database.url,
    ...{ PEEPCOINS_DATABASE_URL: databaseOf('peepcoins'), CAULDRONS_DATABASE_URL: databaseOf('cauldrons') },
  };
}

function addresses(): Record<string, string> {
  return Object.fromEntries(
    ['ledger', ...SERVICES].map((name) => [`${name.toUpperCase()}_LISTEN`, ANY_PORT]),
  );
}

function databaseOf(service: string): string {
  return `${database.url}_${service}`;
}

async function bufCurl(
  service: string,
  method: string,
  body: object,
  options: readonly string[] = [],
): Promise<unknown> {
  const url = `http://${started.addressOf(service)}/${method}`;
  const protocol = ['--http2-prior-knowledge', '--protocol', 'grpc'];
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...[BUF, 'curl', ...protocol, ...options],
    ...['-d', JSON.stringify(body), url],
  ]);
  return JSON.parse(stdout);
}

async function untilGone(all: StartedAll): Promise<void> {
  for (const name of ['ledger', ...SERVICES]) {
    await waitUntil(`${name} is gone`, () => !isAlive(all.pidOf(name)));
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The built runner as a process of its own. */
class StartedAll {
  output = '';
  readonly #child: ChildProcess;
  #code: number | null | undefined;

  constructor(settings: Readonly<Record<string, string>>) {
    if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: npm run build`);
    const { PATH = '', HOME = '' } = process.env;
    this.#child = spawn(process.execPath, [PROGRAM], {
      env: { PATH, HOME, ...settings },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.#child.on('close', (code) => (this.#code = code));
  }

  async says(text: string): Promise<void> {
    const done = (): boolean => this.output.includes(text) || this.#code !== undefined;
    await waitUntil(`it says "${text}"`, done, START_LIMIT_MS);
    expect(this.output).toContain(text);
  }

  async ended(): Promise<number | null> {
    await waitUntil('it ends', () => this.#code !== undefined, START_LIMIT_MS);
    return this.#code ?? null;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  addressOf(name: string): string {
    return this.#line(name)[1] ?? '';
  }

  pidOf(name: string): number {
    return Number(this.#line(name)[2]);
  }

  #line(name: string): RegExpExecArray {
    const found = new RegExp(`^start-all: ${name} listens on (\\S+) \\(pid ([0-9]+)\\)$`, 'm').exec(
      this.output,
    );
    if (found === null) throw new Error(`it does not say where ${name} listens:\n${this.output}`);
    return found;
  }
}

/** The options of Node that `npm start` runs the ledger with. */
function nodeOptionsOfNpmStart(): string[] {
  const { scripts } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as {
    scripts: { start: string };
  };
  const options = scripts.start.split(' ').filter((word) => word.startsWith('--'));
  expect(options).toContain('--no-allocation-site-pretenuring');
  return options;
}

async function argumentsOf(pid: number): Promise<string> {
  return (await promisify(execFile)('ps', ['-ww', '-o', 'args=', '-p', String(pid)])).stdout;
}
