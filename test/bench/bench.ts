import { waitUntil } from '../harness/wait-until';
import type { Environment } from './environment';
import { cpuSecondsOfTree, idleSeconds } from './cpu-accounting';
import type { Figures } from './figures';
import type { LoadResult, LoadSpec } from './load/load-spec';
import type { Options } from './options';
import type { ServerProcess } from './server-process';
import { walBytes } from './wal-segments';
import { LoadGenerator } from './load-generator';

/** How long a turn waits at most for running vacuums to end. */
const VACUUM_LIMIT_MS = 30_000;

/** What the scenarios share: Postgres, the load generator, and the CPU and WAL counters around each load. */
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

  /** Prints progress on standard error: standard output holds only the result. */
  progress(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  /** A number for each run, so that no two runs send the same request ids. */
  nextRun(): number {
    this.runs += 1;
    return this.runs;
  }

  /**
   * Waits until no vacuum is running. A vacuum takes a quarter of a core, and would take it from one variant for rows
   * that another variant has written. A vacuum that begins during a turn counts for that turn.
   */
  async waitForVacuums(): Promise<void> {
    const noVacuumRuns = async (): Promise<boolean> => {
      const { rows } = await this.environment.admin.query(
        `SELECT FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'`,
      );
      return rows.length === 0;
    };
    await waitUntil('no vacuum runs', noVacuumRuns, VACUUM_LIMIT_MS).catch((error: unknown) =>
      this.progress(String(error)),
    );
  }

  /** Sends one load to a server and measures it. */
  async drive(name: string, server: ServerProcess, spec: Omit<LoadSpec, 'address'>): Promise<Measured> {
    await this.load.prepare({ ...spec, address: server.address });
    return this.measure(name, server.pid, () => this.load.run());
  }

  /**
   * Measures some work: throughput, latency, CPU and WAL.
   *
   * @param serverPid the root of the server's process tree; null when there is no server
   * @throws Error when a call failed
   */
  async measure(name: string, serverPid: number | null, work: () => Promise<LoadResult>): Promise<Measured> {
    const before = await this.readCounters(serverPid);
    const result = await work();
    const after = await this.readCounters(serverPid);
    if (result.failures > 0)
      throw new Error(`${name}: ${result.failures} calls failed: ${result.firstFailure}`);
    const { operations, seconds, latencyMs } = result;
    if (operations === 0) throw new Error(`${name}: no operation completed`);
    const per = (key: keyof Counters): number => (after[key] - before[key]) / operations;
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

  private async readCounters(serverPid: number | null): Promise<Counters> {
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

/** The result of a load as the load generator reports it, and the figures derived from it and from the counters. */
export interface Measured {
  readonly result: LoadResult;
  readonly figures: Figures;
}

interface Counters {
  readonly server: number;
  readonly postgres: number;
  readonly wal: number;
  readonly idle: number;
  readonly time: number;
}
