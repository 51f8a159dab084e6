import { spawn, type ChildProcess } from 'node:child_process';
import type { Cluster } from './cluster';
import { settlesWithin } from './deadline';
import { endPostgres } from './end-postgres';
import type { Log } from './log';
import { logSize, openLogFile, readLogTail } from './log-file';
import { spawnOptions } from './run-program';

const DEFAULT_SETTINGS: Readonly<Record<string, string>> = {
  max_connections: '120',
  shared_buffers: '256MB',
  max_wal_size: '1GB',
  // What was once made is kept: to make a segment anew holds all commits up for some 50 ms.
  min_wal_size: '1GB',
  log_line_prefix: '%m [%p] ',
  log_checkpoints: 'off',
  log_timezone: 'UTC',
  timezone: 'UTC',
};

/** These hold whatever the caller sets: answered writes are on disk, and nobody but this machine gets in. */
const FIXED_SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  logging_collector: 'off',
  log_destination: 'stderr',
};

/** A postgres process that we started. */
export class Postmaster {
  readonly pid: number;
  /** Settles with how it ended, never rejects. */
  readonly exited: Promise<string>;
  #hasExited = false;
  readonly #child: ChildProcess;
  readonly #logFile: string;
  readonly #logStart: number;

  private constructor(child: ChildProcess, logFile: string, logStart: number) {
    this.#child = child;
    this.#logFile = logFile;
    this.#logStart = logStart;
    this.pid = child.pid ?? 0;
    this.exited = new Promise((resolve) => {
      const settle = (how: string): void => {
        this.#hasExited = true;
        process.off('exit', this.#endWithUs);
        resolve(how);
      };
      child.once('exit', (exitCode, signal) => settle(signal ? `signal ${signal}` : `exit code ${exitCode}`));
      child.on('error', (error) => {
        // An error that has a process is a failed signal.
        if (child.pid === undefined) settle(error.message);
      });
    });
    process.once('exit', this.#endWithUs);
  }

  static async start(cluster: Cluster, port: number): Promise<Postmaster> {
    const log = await openLogFile(cluster.logFile);
    try {
      const logStart = await logSize(cluster.logFile);
      const settings = { ...DEFAULT_SETTINGS, ...cluster.settings, ...FIXED_SETTINGS, port: String(port) };
      const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
      const child = spawn(cluster.binaries.postgres, ['-D', cluster.directory, ...options], {
        ...spawnOptions(cluster.place.runAs),
        stdio: ['ignore', log.fd, log.fd],
      });
      return new Postmaster(child, cluster.logFile, logStart);
    } finally {
      await log.close();
    }
  }

  get hasExited(): boolean {
    return this.#hasExited;
  }

  /** What it wrote to its log last. */
  readLog(): Promise<string> {
    return readLogTail(this.#logFile, this.#logStart);
  }

  async end(stopTimeoutMs: number, log: Log): Promise<void> {
    await endPostgres({
      pid: this.pid,
      stopTimeoutMs,
      log,
      signal: (name) => this.#signal(name),
      endsWithin: async (limitMs) => this.#hasExited || settlesWithin(this.exited, limitMs),
    });
  }

  #signal(name: NodeJS.Signals): void {
    if (!this.#hasExited) this.#child.kill(name);
  }

  /** The last resort of a server that ends without stop(): nothing can be waited for any more. */
  readonly #endWithUs = (): void => this.#signal('SIGINT');
}
