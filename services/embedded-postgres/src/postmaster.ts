import { spawn, type ChildProcess } from 'node:child_process';
import type { Cluster } from './cluster';
import { settlesWithin } from './deadline';
import { stopPostgres } from './stop-postgres';
import type { Log } from './log';
import { logSize, openLogFile, readLogTail } from './log-file';
import { spawnOptions } from './run-program';

const DEFAULT_SETTINGS: Readonly<Record<string, string>> = {
  max_connections: '120',
  shared_buffers: '256MB',
  max_wal_size: '1GB',
  // Keeps WAL segments for reuse: creating a segment delays all commits by about 50 ms.
  min_wal_size: '1GB',
  log_line_prefix: '%m [%p] ',
  log_checkpoints: 'off',
  log_timezone: 'UTC',
  timezone: 'UTC',
};

/** The caller cannot change these: commits are durable, and only this user, or with `tcp` this machine, can connect. */
const FIXED_SETTINGS: Readonly<Record<string, string>> = {
  unix_socket_permissions: '0700',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  logging_collector: 'off',
  log_destination: 'stderr',
};

/** A postmaster that we started as a child process. */
export class Postmaster {
  readonly pid: number;
  /** Resolves with how it exited, such as "exit code 1". Never rejects. */
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
      const markExited = (how: string): void => {
        this.#hasExited = true;
        process.off('exit', this.#stopOnExit);
        resolve(how);
      };
      child.once('exit', (exitCode, signal) =>
        markExited(signal ? `signal ${signal}` : `exit code ${exitCode}`),
      );
      child.on('error', (error) => {
        // With a pid the error means that a signal failed; without one, that the process did not start.
        if (child.pid === undefined) markExited(error.message);
      });
    });
    process.once('exit', this.#stopOnExit);
  }

  /** Starts postgres on the cluster. Does not wait until it accepts connections. */
  static async start(cluster: Cluster, port: number): Promise<Postmaster> {
    const log = await openLogFile(cluster.logFile);
    try {
      const logStart = await logSize(cluster.logFile);
      const settings = {
        ...{ ...DEFAULT_SETTINGS, ...cluster.settings, ...FIXED_SETTINGS, port: String(port) },
        listen_addresses: cluster.socketDirectory === null ? '127.0.0.1' : '',
        unix_socket_directories: cluster.socketDirectory ?? '',
      };
      const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
      const child = spawn(cluster.binaries.postgres, ['-D', cluster.directory, ...options], {
        ...spawnOptions(cluster.location.runAs),
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

  /** The last lines of its log. */
  readLog(): Promise<string> {
    return readLogTail(this.#logFile, this.#logStart);
  }

  /** Stops it and resolves when it has exited. */
  async end(stopTimeoutMs: number, log: Log): Promise<void> {
    await stopPostgres({
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

  /** A last resort for a process that exits without stop(): at that point nothing can be awaited. */
  readonly #stopOnExit = (): void => this.#signal('SIGINT');
}
