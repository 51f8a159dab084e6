import { setTimeout as delay } from 'node:timers/promises';
import { startPostgres, DATABASE_NAME, type RunningPostgres } from './start-postgres';
import { CLUSTER_USER, type Cluster } from './cluster';
import { closeClient, connectToCluster, hostOf } from './connect-to-cluster';
import { Deadline, settlesWithin } from './deadline';
import { errorMessage } from './embedded-postgres-error';
import type { Log } from './log';
import { OwnerLock } from './owner-lock';

const FIRST_RETRY_DELAY_MS = 100;
/** The longest pause between attempts. Attempts go on without end. */
const SLOW_RETRY_INTERVAL_MS = 30_000;
/** After running this long, Postgres counts as recovered, and the pauses begin anew at the next failure. */
const STABLE_AFTER_MS = 60_000;
/** The connection of the lock ends a moment before its postmaster exits. */
const EXIT_NOTICE_MS = 500;

/** Limits of a restart and of the shutdown. */
export interface SupervisionOptions {
  readonly startTimeoutMs: number;
  readonly stopTimeoutMs: number;
  readonly log: Log;
}

/** Keeps Postgres running on its port, and the owner lock held, until `stop` is called. */
export class SupervisedPostgres {
  readonly url: string;
  readonly dataDir: string;
  readonly #cluster: Cluster;
  readonly #options: SupervisionOptions;
  readonly #stopping = new AbortController();
  #running: RunningPostgres;
  #recovery: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  constructor(cluster: Cluster, running: RunningPostgres, options: SupervisionOptions) {
    this.#cluster = cluster;
    this.#options = options;
    this.#running = running;
    this.dataDir = cluster.location.dataDir;
    const host = encodeURIComponent(hostOf(cluster));
    this.url = `postgres://${CLUSTER_USER}:${cluster.password}@${host}:${running.port}/${DATABASE_NAME}`;
    this.#watch(running, 0);
  }

  /** The pid of the running postmaster, or of the last one while none runs. */
  get pid(): number {
    return this.#running.postmaster.pid;
  }

  /** Shuts Postgres down and resolves when it has exited. A second call waits for the first. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    await this.#recovery;
    const { postmaster } = this.#running;
    if (!postmaster.hasExited) await postmaster.end(this.#options.stopTimeoutMs, this.#options.log);
    // Held until Postgres has exited, so that no other server uses the cluster before.
    await this.#running.lock.release();
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  #watch(running: RunningPostgres, failuresBefore: number): void {
    const startedAt = performance.now();
    void running.postmaster.exited.then((how) => {
      if (this.#isStopping()) return;
      const stable = performance.now() - startedAt > STABLE_AFTER_MS;
      this.#recovery = this.#recover(how, stable ? 0 : failuresBefore);
    });
    void this.#keepLock(running);
  }

  /** Restarts Postgres. Resolves when it runs again or when `stop` was called. Never rejects. */
  async #recover(how: string, failuresBefore: number): Promise<void> {
    const { startTimeoutMs, stopTimeoutMs, log } = this.#options;
    const { signal } = this.#stopping;
    const { port, lock, postmaster } = this.#running;
    log('Postgres ended unexpectedly and is started again', { how, port, log: await postmaster.readLog() });
    await lock.release();
    for (let failures = failuresBefore; !this.#isStopping(); failures += 1) {
      try {
        if (failures > 0) await delay(retryDelayMs(failures), undefined, { signal });
        const deadline = new Deadline(startTimeoutMs);
        this.#running = await startPostgres(this.#cluster, { port, deadline, stopTimeoutMs, log, signal });
        log('Postgres runs again', { port, pid: this.#running.postmaster.pid });
        this.#watch(this.#running, failures + 1);
        return;
      } catch (error) {
        if (this.#isStopping()) return;
        log('Postgres could not be started again and is tried again', {
          error: errorMessage(error),
          retryInMs: retryDelayMs(failures + 1),
        });
      }
    }
  }

  /**
   * Takes the lock again whenever its connection ends while the postmaster lives: the crash of one backend ends every
   * connection but not the postmaster. Never rejects.
   */
  async #keepLock(running: RunningPostgres): Promise<void> {
    const { postmaster } = running;
    const isOver = (): boolean => postmaster.hasExited || this.#isStopping();
    for (;;) {
      await running.lock.lost;
      if (isOver() || (await settlesWithin(postmaster.exited, EXIT_NOTICE_MS))) return;
      this.#options.log('the connection that holds the owner lock was lost; a new one is opened', {
        pid: postmaster.pid,
      });
      for (let failures = 0; !isOver(); failures += 1) {
        const lock = await this.#takeLock(running.port);
        if (lock) {
          running.lock = lock;
          break;
        }
        await settlesWithin(postmaster.exited, retryDelayMs(failures));
      }
      if (isOver()) return running.lock.release();
    }
  }

  async #takeLock(port: number): Promise<OwnerLock | undefined> {
    try {
      const client = await connectToCluster(this.#cluster, port);
      const lock = await OwnerLock.take(client).catch(() => undefined);
      if (!lock) await closeClient(client);
      return lock;
    } catch {
      return undefined;
    }
  }
}

function retryDelayMs(failures: number): number {
  return Math.min(FIRST_RETRY_DELAY_MS * 2 ** failures, SLOW_RETRY_INTERVAL_MS);
}
