import cluster, { type Worker } from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServerLog } from './logger';

/** A worker that died is replaced at once; one that dies again and again, after ever longer waits. */
const FIRST_RESTART_MS = 50;
const MOST_RESTART_MS = 5_000;
/** A worker that lived for so long is taken to have been well. */
const WELL_AFTER_MS = 30_000;

/** Server processes that share one port. */
export interface Workers {
  /** Host and the port that they got. */
  readonly address: string;
  /** Has each finish what it accepted; kills those that have not ended within the limit. */
  stop(limitMs: number): Promise<void>;
}

/** A worker that could not be started; it has said why on standard error. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError';
}

/** What the workers are started with. */
export interface WorkerSettings {
  readonly count: number;
  /** Set for them on top of this process's own environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly log: ServerLog['logger'];
}

/**
 * Starts server processes on one port with node:cluster, which hands new connections to them in turn. They know
 * nothing of each other, as servers on different machines do: the row locks and the primary keys of the database
 * keep them right. One that dies is started again; its callers repeat with the same request ids and find what was
 * booked.
 *
 * @throws WorkerError when one of the first ends before it listens; the others are stopped then
 */
export async function startWorkers(settings: WorkerSettings): Promise<Workers> {
  const group = new WorkerGroup(settings);
  cluster.setupPrimary({ args: ['serve'] });
  try {
    const addresses = await Promise.all(Array.from({ length: settings.count }, () => group.start()));
    return { address: addresses[0] ?? '', stop: (limitMs) => group.stop(limitMs) };
  } catch (error) {
    await group.stop(FIRST_STOP_MS);
    throw error;
  }
}

/** Workers that have just started have nothing to finish. */
const FIRST_STOP_MS = 5_000;

/** Tells the process that started this one that it listens. */
export function reportListening(address: string): void {
  process.send?.({ listening: address });
}

class WorkerGroup {
  private readonly living = new Set<Worker>();
  private stopping = false;

  constructor(private readonly settings: WorkerSettings) {}

  /** Starts a worker and keeps one in its place. Resolves to its address once the first one listens. */
  async start(): Promise<string> {
    const worker = this.fork();
    const end = endOf(worker);
    const address = await Promise.race([addressOf(worker), end.then(() => null)]);
    if (address === null) throw new WorkerError('a server process ended before it listened');
    void this.replace(end);
    return address;
  }

  async stop(limitMs: number): Promise<void> {
    this.stopping = true;
    const ends = Promise.all([...this.living].map(endOf));
    for (const worker of this.living) worker.process.kill('SIGTERM');
    const late = setTimeout(() => {
      for (const worker of this.living) worker.process.kill('SIGKILL');
    }, limitMs);
    await ends;
    clearTimeout(late);
  }

  private fork(): Worker {
    const { env, log } = this.settings;
    const started = performance.now();
    const worker = cluster.fork(env);
    this.living.add(worker);
    const who = { worker: worker.id, pid: worker.process.pid };
    log.info(who, 'worker started');
    worker.on('error', (error) => log.error({ ...who, err: error }, 'a worker failed'));
    worker.on('exit', (code, signal) => {
      this.living.delete(worker);
      const ending = { ...who, code, signal, livedMs: Math.round(performance.now() - started) };
      if (this.stopping) log.info(ending, 'worker stopped');
      else log.error(ending, 'a worker died');
    });
    return worker;
  }

  /** Puts a new worker in the place of each that ends, until all are told to stop. */
  private async replace(end: Promise<void>): Promise<void> {
    let wait = 0;
    for (let next = end; ; next = endOf(this.fork())) {
      const started = performance.now();
      await next;
      const well = performance.now() - started > WELL_AFTER_MS;
      wait = well ? FIRST_RESTART_MS : Math.min(Math.max(wait * 2, FIRST_RESTART_MS), MOST_RESTART_MS);
      await delay(wait);
      if (this.stopping) return;
    }
  }
}

function endOf(worker: Worker): Promise<void> {
  return new Promise((resolve) => worker.once('exit', () => resolve()));
}

function addressOf(worker: Worker): Promise<string> {
  return new Promise((resolve) => {
    worker.on('message', (message: unknown) => {
      if (typeof message !== 'object' || message === null || !('listening' in message)) return;
      resolve(String(message.listening));
    });
  });
}
