import { waitUntil } from '../harness/wait-until';
import type { Environment } from './environment';
import { cpuSecondsOfTree, idleSeconds } from './cpu-accounting';
import type { Figures } from './figures';
import type { LoadResult, LoadSpec } from './load/load-spec';
import type { Options } from './options';
import type { ServerProcess } from './server-process';
import { walBytes } from './wal-segments';
import { LoadGenerator } from './load-generator';

/** How long a turn waits for vacuums to end. */
const VACUUM_LIMIT_MS = 30_000;

/** What the scenarios share: the Postgres, the load process, the accounts of all that was written. */
export class Bench {
  private runs = 0;

  private constructor(
    readonly options: Options,
    readonly environment: Environment,
    readonly load: LoadGenerator<LoadSpec>,
  ) {}

  static async open(options: Options, environment: Environment): Promise<Bench> {
    return new Bench(options, environment, await LoadGenerator.start<LoadSpec>('load/load-process.ts'));
  }

  /** On standard error, so that standard output holds the result alone. */
  progress(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  /** Numbers the runs, so that no two send the same request ids. */
  nextRun(): number {
    this.runs += 1;
    return this.runs;
  }

  /**
   * Waits until no vacuum is at work: it would take a quarter of a core from whichever variant has its turn then, for rows
   * that another variant has written. One that begins during a turn is that turn's.
   */
  async untilVacuumRests(): Promise<void> {
    const rests = async (): Promise<boolean> => {
      const { rows } = await this.environment.admin.query(
        `SELECT FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'`,
      );
      return rows.length === 0;
    };
    await waitUntil('no vacuum is at work', rests, VACUUM_LIMIT_MS).catch((error: unknown) =>
      this.progress(String(error)),
    );
  }

  /** Sends one load to a server and takes the accounts of it. */
  async drive(name: string, server: ServerProcess, spec: Omit<LoadSpec, 'address'>): Promise<Measured> {
    await this.load.prepare({ ...spec, address: server.address });
    return this.measure(name, server.pid, () => this.load.run());
  }

  /**
   * Takes the accounts of some work.
   *
   * @param serverPid the root of the server's processes; null: there is no server
   * @throws Error when a call failed
   */
  async measure(name: string, serverPid: number | null, work: () => Promise<LoadResult>): Promise<Measured> {
    const before = await this.accounts(serverPid);
    const result = await work();
    const after = await this.accounts(serverPid);
    if (result.failures > 0)
      throw new Error(`${name}: ${result.failures} calls failed: ${result.firstFailure}`);
    const { operations, seconds, latencyMs } = result;
    if (operations === 0) throw new Error(`${name}: nothing was done`);
    const per = (key: keyof Accounts): number => (after[key] - before[key]) / operations;
    return {
      result,
      figures: {
        perSecond: operations / seconds,
        ...{ p50Ms: latencyMs.p50, p90Ms: latencyMs.p90, p99Ms: latencyMs.p99, maxMs: latencyMs.max },
        serverMicros: per('server') * 1e6,
        postgresMicros: per('postgres') * 1e6,
        walBytes: per('wal'),
        loadCores: result.cpuSeconds / seconds,
        freeCores: (after.idle - before.idle) / ((after.time - before.time) / 1_000),
      },
    };
  }

  async close(): Promise<void> {
    await this.load.stop();
  }

  private async accounts(serverPid: number | null): Promise<Accounts> {
    const { admin, postgresPid } = this.environment;
    const wal = await walBytes(admin);
    return {
      server: serverPid === null ? 0 : cpuSecondsOfTree(serverPid),
      postgres: cpuSecondsOfTree(postgresPid),
      wal,
      idle: idleSeconds(),
      time: performance.now(),
    };
  }
}

/** What a load came to, as it was reported and as it was accounted for. */
export interface Measured {
  readonly result: LoadResult;
  readonly figures: Figures;
}

interface Accounts {
  readonly server: number;
  readonly postgres: number;
  readonly wal: number;
  readonly idle: number;
  readonly time: number;
}
