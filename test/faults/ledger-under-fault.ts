import { findFreePort } from '@ledger/embedded-postgres/free-port';
import { watchHealth, type HealthWatch } from '../harness/health-client';
import { LedgerProcess } from '../harness/ledger-process';
import { startPostgresProxy, type PostgresProxy } from '../harness/postgres-proxy';
import { signalAll, TestDataDirectory } from '../harness/test-data-directory';
import { openDatabase, type OpenDatabase } from '../harness/test-database';
import { waitUntil } from '../harness/wait-until';
import type { Random } from '../harness/random';
import { Servers } from './servers';

/** What is killed, always by SIGKILL. "The server" is the one that runs the embedded Postgres. */
export const FAULTS = [
  /** The server. It is restarted and has to deal with its orphaned Postgres. */
  'server',
  /** The postmaster. The server restarts it by itself. */
  'postmaster',
  /** The server and every process of its Postgres, during commits. */
  'everything',
  /** Every process of Postgres. The server survives and restarts it. */
  'postgres',
  /** The server, and again while it restarts. */
  'server twice',
  /** Every process of Postgres but the postmaster, which recovers by itself. */
  'backends',
] as const;
export type Fault = (typeof FAULTS)[number];

/** A fault that is ready to be injected, in three steps. */
export interface PreparedFault {
  /** Finds the processes to kill. Called a little before, because this takes longer than a commit. */
  locateTargets(): void;
  /** Kills synchronously: no response is processed between call and return. */
  inject(): void;
  /** Waits until the ledger serves again, and restarts servers where needed. */
  recover(random: Random): Promise<void>;
}

const RECOVERY_LIMIT_MS = 60_000;

/** Log lines of a start, in order. The second kill comes at one of them. */
const START_MOMENTS = [
  'Postgres still runs although its server is gone; it is stopped and started again',
  'the embedded Postgres is ready',
  'health',
];

/**
 * Simulates a slow disk. If a server responded before its commit, there is then enough time between the response and
 * the commit to kill both.
 */
const COMMIT_DELAY_MICROS = 10_000;

const SETTINGS = {
  // Shorter than the outage of Postgres, so that it is noticed.
  LEDGER_HEALTH_INTERVAL_MS: '25',
  // What must hold holds with one cell and with several.
  LEDGER_CELLS: process.env['LEDGER_TEST_CELLS'] ?? '1',
  // Short, so that a watcher soon knows that it has everything.
  LEDGER_WATCH_HEARTBEAT_MS: '100',
};

/** One of the servers, with all its processes one after another, on one address. */
class Node {
  readonly processes: LedgerProcess[] = [];
  kills = 0;

  /** @param settings called at each start */
  constructor(
    readonly address: string,
    private readonly settings: () => Readonly<Record<string, string>>,
  ) {}

  /** The latest process. */
  get process(): LedgerProcess {
    const latest = this.processes.at(-1);
    if (latest === undefined) throw new Error('the server was never started');
    return latest;
  }

  start(): LedgerProcess {
    const server = new LedgerProcess({ ...SETTINGS, ...this.settings(), LEDGER_LISTEN: this.address });
    this.processes.push(server);
    return server;
  }

  kill(): void {
    this.process.kill('SIGKILL');
    this.kills += 1;
  }

  /** Stops it as an operator would. */
  async stop(): Promise<void> {
    this.process.kill('SIGTERM');
    const { code } = await this.process.ended();
    if (code !== 0) throw new Error(`the server on ${this.address} ended with code ${code}`);
  }
}

/**
 * A ledger with two servers, in processes that can be killed, each on a fixed address. One runs an embedded Postgres.
 * The other, the neighbour, uses the same database through a proxy, because that Postgres changes its port when it
 * restarts.
 */
export class LedgerUnderFault {
  readonly servers: Servers;
  /** The same servers, each by itself. */
  readonly each: readonly Servers[];
  readonly #directory = new TestDataDirectory();
  readonly #owner: Node;
  readonly #neighbour: Node;
  #proxy: PostgresProxy | undefined;
  #health: HealthWatch | undefined;

  private constructor(ownerAddress: string, neighbourAddress: string) {
    this.#owner = new Node(ownerAddress, () => ({ LEDGER_DATA_DIR: this.#directory.path }));
    this.#neighbour = new Node(neighbourAddress, () => ({ DATABASE_URL: this.#proxy?.url ?? '' }));
    const addresses = [ownerAddress, neighbourAddress];
    this.servers = new Servers(addresses);
    this.each = addresses.map((address) => new Servers([address]));
  }

  static async start(): Promise<LedgerUnderFault> {
    // Ports outside the ephemeral range: an outgoing connection must not take the port of a killed server.
    const [ownerPort, neighbourPort] = [await findFreePort(), await findFreePort()];
    const ledger = new LedgerUnderFault(`127.0.0.1:${ownerPort}`, `127.0.0.1:${neighbourPort}`);
    try {
      await ledger.#startAll();
      return ledger;
    } catch (error) {
      await ledger.dispose();
      throw error;
    }
  }

  async #startAll(): Promise<void> {
    await this.#owner.start().listening();
    const { database } = this;
    await database.query(`ALTER SYSTEM SET commit_delay = ${COMMIT_DELAY_MICROS}`);
    await database.query('ALTER SYSTEM SET commit_siblings = 0');
    await database.query('SELECT pg_reload_conf()');
    this.#proxy = await startPostgresProxy(database.url, () => this.#directory.postgresPort);
    await this.#neighbour.start().listening();
  }

  get database(): OpenDatabase {
    return openDatabase(this.#directory.url);
  }

  /** How many servers were killed so far. */
  get kills(): number {
    return this.#owner.kills + this.#neighbour.kills;
  }

  /** The log of its servers without the lines of single calls, for the analysis of a failure. */
  get log(): string {
    const processes = [...this.#owner.processes, ...this.#neighbour.processes];
    return processes
      .flatMap(({ lines, errorOutput }) => [...lines.map((line) => JSON.stringify(line)), errorOutput])
      .join('\n');
  }

  /** Prepares a fault. */
  async prepareFault(fault: Fault): Promise<PreparedFault> {
    const { postmasterPid } = this.#directory;
    const health = watchHealth(this.#owner.address);
    this.#health = health;
    await waitUntil('the ledger serves', () => health.seen.at(-1) === 'SERVING', RECOVERY_LIMIT_MS);
    let targets: readonly number[] = [];
    return {
      locateTargets: () => (targets = this.#directory.processes()),
      inject: () => this.#inject(fault, postmasterPid, targets),
      recover: async (random) => {
        await this.#recover(fault, health, random);
        health.end();
        this.#checkPostgres(postmasterPid);
      },
    };
  }

  /** Prepares to kill the neighbour. It is restarted at once. */
  prepareNeighbourKill(): PreparedFault {
    return {
      locateTargets: () => undefined,
      inject: () => this.#neighbour.kill(),
      recover: async () => {
        await this.#neighbour.process.ended();
        await this.#neighbour.start().listening();
      },
    };
  }

  /** Stops it as an operator would. No process may remain. */
  async stop(): Promise<void> {
    await this.#neighbour.stop();
    await this.#owner.stop();
    const left = this.#directory.processes();
    if (left.length > 0) throw new Error(`a stopped server left processes: ${left.join(', ')}`);
  }

  /** Ends everything and removes the data. */
  async dispose(): Promise<void> {
    this.#health?.end();
    for (const servers of [this.servers, ...this.each]) servers.close();
    const processes = [...this.#owner.processes, ...this.#neighbour.processes];
    await Promise.all(processes.map((server) => server.dispose()));
    await this.#proxy?.close();
    await this.#directory.remove();
  }

  #inject(fault: Fault, postmasterPid: number, targets: readonly number[]): void {
    switch (fault) {
      case 'server':
      case 'server twice':
        this.#owner.kill();
        break;
      case 'postmaster':
        signalAll([postmasterPid], 'SIGKILL');
        break;
      case 'everything':
        signalAll(targets, 'SIGKILL');
        this.#owner.kill();
        break;
      case 'postgres':
        signalAll(targets, 'SIGKILL');
        break;
      case 'backends':
        signalAll(
          targets.filter((pid) => pid !== postmasterPid),
          'SIGKILL',
        );
        break;
    }
  }

  async #recover(fault: Fault, health: HealthWatch, random: Random): Promise<void> {
    switch (fault) {
      case 'postmaster':
      case 'postgres':
      case 'backends':
        await this.#waitForOutage(health);
        break;
      case 'server':
      case 'everything':
        await this.#restart();
        break;
      case 'server twice':
        await this.#restart(random.pick(START_MOMENTS));
        break;
    }
  }

  #checkPostgres(postmasterPid: number): void {
    const now = this.#directory.postmasterPid;
    const processes = this.#directory.processes();
    if (!processes.includes(now)) throw new Error(`it serves although its postmaster (pid ${now}) is gone`);
    if (now !== postmasterPid && processes.includes(postmasterPid)) {
      throw new Error(`two postmasters run: ${postmasterPid} and ${now}`);
    }
  }

  async #waitForOutage({ seen }: HealthWatch): Promise<void> {
    const isBack = (): boolean => seen.at(-1) === 'SERVING' && seen.includes('NOT_SERVING');
    const isDead = (): boolean => this.#owner.process.ending !== undefined;
    await waitUntil('NOT_SERVING and SERVING again', () => isBack() || isDead(), RECOVERY_LIMIT_MS);
    if (isDead()) throw new Error('the server died with its Postgres');
  }

  async #restart(killAgainAt?: string): Promise<void> {
    await this.#owner.process.ended();
    let server = this.#owner.start();
    if (killAgainAt !== undefined) {
      await server.logged(killAgainAt);
      this.#owner.kill();
      await server.ended();
      server = this.#owner.start();
    }
    await server.listening();
  }
}
