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
  /** Host and the port that they got. Port 0 may become another one when all of them die at once. */
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
    await group.stop(FIRST_STOP_MS).catch(() => undefined);
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
  private endedBadly = false;

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

  /** @throws WorkerError when one did not end by itself, in time and well */
  async stop(limitMs: number): Promise<void> {
    this.stopping = true;
    const ends = Promise.all([...this.living].map(endOf));
    for (const worker of this.living) worker.process.kill('SIGTERM');
    const late = setTimeout(() => {
      for (const worker of this.living) worker.process.kill('SIGKILL');
    }, limitMs);
    await ends;
    clearTimeout(late);
    if (this.endedBadly) throw new WorkerError('a server process did not stop as it should');
  }

  private fork(): Worker {
    const { env, log } = this.settings;
    const started = performance.now();
    const worker = cluster.fork(env);
    this.living.add(worker);
    const who = { worker: worker.id, pid: worker.process.pid };
    log.info(who, 'worker started');
    worker.on('error', (error) => log.error({ ...who, err: error }, 'a worker failed'));
    void endOf(worker).then(({ code, signal }) => {
      this.living.delete(worker);
      const ending = { ...who, code, signal, livedMs: Math.round(performance.now() - started) };
      const well = this.stopping && code === 0;
      if (well) log.info(ending, 'worker stopped');
      else log.error(ending, 'a worker died');
      if (this.stopping && !well) this.endedBadly = true;
    });
    return worker;
  }

  /** Resolves when the new worker has ended, at once if there could be none. */
  private forkAgain(): Promise<unknown> {
    try {
      return endOf(this.fork());
    } catch (error) {
      this.settings.log.error({ err: error }, 'a worker could not be started');
      return Promise.resolve();
    }
  }

  /** Puts a new worker in the place of each that ends, until all are told to stop. */
  private async replace(end: Promise<unknown>): Promise<void> {
    let wait = 0;
    for (let next: Promise<unknown> = end; ; next = this.forkAgain()) {
      const started = performance.now();
      await next;
      const well = performance.now() - started > WELL_AFTER_MS;
      wait = well ? FIRST_RESTART_MS : Math.min(Math.max(wait * 2, FIRST_RESTART_MS), MOST_RESTART_MS);
      await delay(wait);
      if (this.stopping) return;
    }
  }
}

interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
}

function endOf(worker: Worker): Promise<Ending> {
  return new Promise((resolve) => {
    worker.once('exit', (code: number | null, signal: string | null) => resolve({ code, signal }));
    // A process that could not be made has no exit.
    worker.once('error', () => {
      if (worker.process.pid === undefined) resolve({ code: null, signal: null });
    });
  });
}

function addressOf(worker: Worker): Promise<string> {
  return new Promise((resolve) => {
    worker.on('message', (message: unknown) => {
      if (typeof message !== 'object' || message === null || !('listening' in message)) return;
      resolve(String(message.listening));
    });
  });
}
