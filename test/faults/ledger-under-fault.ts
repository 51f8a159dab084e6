import { findFreePort } from '@ledger/embedded-postgres/free-port';
import { watchHealth, type HealthWatch } from '../harness/health-client';
import { LedgerProcess } from '../harness/ledger-process';
import { startPostgresProxy, type PostgresProxy } from '../harness/postgres-proxy';
import { signalAll, TestDataDirectory } from '../harness/test-data-directory';
import { openDatabase, type OpenDatabase } from '../harness/test-database';
import { waitUntil } from '../harness/wait-until';
import type { Random } from './random';
import { Servers } from './servers';

/** What is killed, always by SIGKILL. The server is the one that runs Postgres. */
export const FAULTS = [
  /** The server. It is started again and takes its orphaned Postgres over. */
  'server',
  /** The postmaster. The server starts it again by itself. */
  'postmaster',
  /** The server and every process of its Postgres, in the midst of commits. */
  'everything',
  /** Every process of Postgres; the server lives and starts it again. */
  'postgres',
  /** The server, and once more while it starts. */
  'server twice',
  /** Every process of Postgres but the postmaster, which recovers by itself. */
  'backends',
] as const;
export type Fault = (typeof FAULTS)[number];

/** A fault in three parts. */
export interface PreparedFault {
  /** To be called a little before the inject: to find the processes of Postgres takes longer than a commit. */
  locateTargets(): void;
  /** Kills at once: between this call and its return no answer is taken in. */
  inject(): void;
  /** Waits until the ledger serves again, and starts its servers where that has to be done. */
  recover(random: Random): Promise<void>;
}

const RECOVERY_LIMIT_MS = 60_000;

/** Log lines of a start, in their order: a moment to kill it at. */
const START_MOMENTS = [
  'Postgres still runs although its server is gone; it is stopped and started again',
  'the embedded Postgres is ready',
  'health',
];

/**
 * A disk that takes its time. Between the answer that comes too early and the commit that it is for there is then
 * enough room to kill both.
 */
const COMMIT_DELAY_MICROS = 10_000;

const SETTINGS = {
  // The outage of Postgres is shorter than the default interval.
  LEDGER_HEALTH_INTERVAL_MS: '25',
  // A watcher learns soon that it has everything.
  LEDGER_WATCH_HEARTBEAT_MS: '100',
};

/** One of the servers: all its lives on one address. */
class Node {
  readonly lives: LedgerProcess[] = [];
  kills = 0;

  /** @param settings asked for at each start */
  constructor(
    readonly address: string,
    private readonly settings: () => Readonly<Record<string, string>>,
  ) {}

  /** The latest life. */
  get process(): LedgerProcess {
    const latest = this.lives.at(-1);
    if (latest === undefined) throw new Error('the server was never started');
    return latest;
  }

  start(): LedgerProcess {
    const server = new LedgerProcess({ ...SETTINGS, ...this.settings(), LEDGER_LISTEN: this.address });
    this.lives.push(server);
    return server;
  }

  kill(): void {
    this.process.kill('SIGKILL');
    this.kills += 1;
  }

  /** As an operator stops it. */
  async stop(): Promise<void> {
    this.process.kill('SIGTERM');
    const { code } = await this.process.ended();
    if (code !== 0) throw new Error(`the server on ${this.address} ended with code ${code}`);
  }
}

/**
 * A ledger of two servers, as processes that can be killed, each on one address: one runs an embedded Postgres, its
 * neighbour uses the same database through a proxy, since that Postgres moves to another port with every start.
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
    // Not any ports: those of a server that is gone must not be given to an outgoing connection.
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

  /** What its servers wrote, but for the lines of single calls: for a look when something is wrong. */
  get log(): string {
    const lives = [...this.#owner.lives, ...this.#neighbour.lives];
    return lives
      .flatMap(({ lines, errorOutput }) => [...lines.map((line) => JSON.stringify(line)), errorOutput])
      .join('\n');
  }

  /** Gets ready for a fault. */
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
        this.#expectPostgres(postmasterPid);
      },
    };
  }

  /** Gets ready to kill the neighbour; it is started again at once. */
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

  /** Stops it as an operator does: nothing may be left of it. */
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
    const lives = [...this.#owner.lives, ...this.#neighbour.lives];
    await Promise.all(lives.map((server) => server.dispose()));
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
        await this.#seeOutage(health);
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

  #expectPostgres(postmasterPid: number): void {
    const now = this.#directory.postmasterPid;
    const processes = this.#directory.processes();
    if (!processes.includes(now)) throw new Error(`it serves, and its postmaster (pid ${now}) is gone`);
    if (now !== postmasterPid && processes.includes(postmasterPid)) {
      throw new Error(`two postmasters run: ${postmasterPid} and ${now}`);
    }
  }

  async #seeOutage({ seen }: HealthWatch): Promise<void> {
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
