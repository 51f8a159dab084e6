import { LedgerClient } from '@ledger/client';
import { findFreePort } from '../../services/ledger/src/embedded/free-port';
import { watchHealth, type HealthWatch } from '../support/health-client';
import { LedgerProcess } from '../support/ledger-process';
import { signalAll, TestDataDirectory } from '../support/test-data-directory';
import { openDatabase, type OpenDatabase } from '../support/test-database';
import { waitUntil } from '../support/wait-until';
import type { Random } from './random';

/** What is killed, always by SIGKILL. */
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

const RECOVERY_LIMIT_MS = 60_000;

/** Patience that outlasts every recovery. */
const SETTLING = { timeoutMs: 60_000, retry: { maxAttempts: 1_000 } };

/** Log lines of a start, in their order: a moment to kill it at. */
const START_MOMENTS = [
  'Postgres still runs for a server that is gone; it is stopped and started anew',
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
};

interface Armed {
  readonly fault: Fault;
  readonly postmasterPid: number;
  readonly health: HealthWatch;
  /** Every process of Postgres. */
  targets: readonly number[];
}

/** A ledger with an embedded Postgres, as a process that can be killed, on one address and one data directory. */
export class LedgerUnderFault {
  readonly directory = new TestDataDirectory();
  readonly client: LedgerClient;
  readonly hastyClient: LedgerClient;
  readonly settlingClient: LedgerClient;
  readonly #address: string;
  #server: LedgerProcess;
  readonly #servers: LedgerProcess[] = [];
  #armed: Armed | undefined;

  private constructor(address: string) {
    this.#address = address;
    this.client = new LedgerClient({ address });
    this.hastyClient = new LedgerClient({ address, retry: { maxAttempts: 1 } });
    this.settlingClient = new LedgerClient({ address, ...SETTLING });
    this.#server = this.#start();
  }

  static async start(): Promise<LedgerUnderFault> {
    // Not any port: the one of a server that is gone must not be given to an outgoing connection.
    const ledger = new LedgerUnderFault(`127.0.0.1:${await findFreePort()}`);
    try {
      await ledger.#server.listening();
      const { database } = ledger;
      await database.query(`ALTER SYSTEM SET commit_delay = ${COMMIT_DELAY_MICROS}`);
      await database.query('ALTER SYSTEM SET commit_siblings = 0');
      await database.query('SELECT pg_reload_conf()');
      return ledger;
    } catch (error) {
      await ledger.dispose();
      throw error;
    }
  }

  get database(): OpenDatabase {
    return openDatabase(this.directory.url);
  }

  /** What its servers wrote, but for the lines of single calls: for a look when something is wrong. */
  get log(): string {
    const lines = this.#servers.flatMap((server) => [
      ...server.lines.map((line) => JSON.stringify(line)),
      server.errorOutput,
    ]);
    return lines.join('\n');
  }

  /** Gets ready for a strike. */
  async arm(fault: Fault): Promise<void> {
    const { postmasterPid } = this.directory;
    const health = watchHealth(this.#address);
    this.#armed = { fault, postmasterPid, health, targets: [] };
    await waitUntil('the ledger serves', () => health.seen.at(-1) === 'SERVING', RECOVERY_LIMIT_MS);
  }

  /** To be called a little before the strike: to find the processes of Postgres takes longer than a commit. */
  aim(): void {
    const armed = this.#expectArmed();
    armed.targets = this.directory.processes();
  }

  /** Kills at once: between this call and its return no answer is taken in. */
  strike(): void {
    const { fault, postmasterPid, targets } = this.#expectArmed();
    switch (fault) {
      case 'server':
      case 'server twice':
        this.#server.kill('SIGKILL');
        break;
      case 'postmaster':
        signalAll([postmasterPid], 'SIGKILL');
        break;
      case 'everything':
        signalAll(targets, 'SIGKILL');
        this.#server.kill('SIGKILL');
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

  /** Waits until the ledger serves again, and starts its server where that has to be done. */
  async recover(random: Random): Promise<void> {
    const { fault, postmasterPid, health } = this.#expectArmed();
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
    health.end();
    this.#armed = undefined;

    const now = this.directory.postmasterPid;
    const processes = this.directory.processes();
    if (!processes.includes(now)) throw new Error(`it serves, and its postmaster (pid ${now}) is gone`);
    if (now !== postmasterPid && processes.includes(postmasterPid)) {
      throw new Error(`two postmasters run: ${postmasterPid} and ${now}`);
    }
  }

  /** Stops it as an operator does: nothing may be left of it. */
  async stop(): Promise<void> {
    this.#server.kill('SIGTERM');
    const { code } = await this.#server.ended();
    const left = this.directory.processes();
    if (code !== 0) throw new Error(`the server ended with code ${code}`);
    if (left.length > 0) throw new Error(`a stopped server left processes: ${left.join(', ')}`);
  }

  /** Ends everything and removes the data. */
  async dispose(): Promise<void> {
    this.#armed?.health.end();
    for (const client of [this.client, this.hastyClient, this.settlingClient]) client.close();
    await Promise.all(this.#servers.map((server) => server.dispose()));
    await this.directory.remove();
  }

  #expectArmed(): Armed {
    if (this.#armed === undefined) throw new Error('arm it first');
    return this.#armed;
  }

  async #seeOutage(health: HealthWatch): Promise<void> {
    const { seen } = health;
    const isBack = (): boolean => seen.at(-1) === 'SERVING' && seen.includes('NOT_SERVING');
    const isDead = (): boolean => this.#server.ending !== undefined;
    await waitUntil('NOT_SERVING and SERVING again', () => isBack() || isDead(), RECOVERY_LIMIT_MS);
    if (isDead()) throw new Error('the server died with its Postgres');
  }

  async #restart(killAgainAt?: string): Promise<void> {
    await this.#server.ended();
    this.#server = this.#start();
    if (killAgainAt !== undefined) {
      await this.#server.logged(killAgainAt);
      this.#server.kill('SIGKILL');
      await this.#server.ended();
      this.#server = this.#start();
    }
    await this.#server.listening();
  }

  #start(): LedgerProcess {
    const server = new LedgerProcess({
      ...SETTINGS,
      LEDGER_DATA_DIR: this.directory.path,
      LEDGER_LISTEN: this.#address,
    });
    this.#servers.push(server);
    return server;
  }
}
