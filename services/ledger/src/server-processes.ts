import cluster, { type Worker } from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import { StartError } from '@ledger/kit/server/start-error';
import type { LedgerLog } from './logger';

/** A process that died is replaced at once. If it dies again and again, the wait before the next one doubles. */
const FIRST_RESTART_MS = 50;
const MAX_RESTART_MS = 5_000;
/** A process that ran for this long resets the wait. */
const WELL_AFTER_MS = 30_000;

/** Server processes that share one port. */
export interface ServerProcesses {
  /** Host and port. With port 0, the port may change when all processes die at once. */
  readonly address: string;
  /** Lets each process finish the calls it accepted, and kills those that have not ended within the limit. */
  stop(limitMs: number): Promise<void>;
}

/** A server process could not be started or did not stop. Its standard error says why. */
class ServerProcessError extends StartError {
  override readonly name = 'ServerProcessError';
}

/** Settings of the processes. */
export interface ServerProcessSettings {
  readonly count: number;
  /** Set for them on top of this process's own environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly log: LedgerLog['logger'];
}

/**
 * Starts server processes on one port with node:cluster, which hands new connections to them in turn. Like
 * servers on different machines they know nothing of each other; row locks and primary keys of the database keep them
 * correct. A process that dies is started again. Its callers repeat their calls with the same request ids.
 *
 * @throws ServerProcessError when one of the first ends before it listens; the others are stopped then
 */
export async function startServerProcesses(settings: ServerProcessSettings): Promise<ServerProcesses> {
  const group = new ProcessGroup(settings);
  cluster.setupPrimary({ args: ['serve'] });
  try {
    const addresses = await Promise.all(Array.from({ length: settings.count }, () => group.start()));
    return { address: addresses[0] ?? '', stop: (limitMs) => group.stop(limitMs) };
  } catch (error) {
    await group.stop(FIRST_STOP_MS).catch(() => undefined);
    throw error;
  }
}

/** Processes that have just started have nothing to finish. */
const FIRST_STOP_MS = 5_000;

/** Reports to the parent process that this one listens. */
export function reportListening(address: string): void {
  process.send?.({ listening: address });
}

class ProcessGroup {
  private readonly living = new Set<Worker>();
  private stopping = false;
  private endedBadly = false;

  constructor(private readonly settings: ServerProcessSettings) {}

  /** Starts a process, and another one whenever it ends. Resolves to the address once the first one listens. */
  async start(): Promise<string> {
    const worker = this.fork();
    const end = endOf(worker);
    const address = await Promise.race([addressOf(worker), end.then(() => null)]);
    if (address === null) throw new ServerProcessError('a server process ended before it listened');
    void this.replace(end);
    return address;
  }

  /** @throws ServerProcessError when a process did not end in time with exit code 0 */
  async stop(limitMs: number): Promise<void> {
    this.stopping = true;
    const ends = Promise.all([...this.living].map(endOf));
    for (const worker of this.living) worker.process.kill('SIGTERM');
    const late = setTimeout(() => {
      for (const worker of this.living) worker.process.kill('SIGKILL');
    }, limitMs);
    await ends;
    clearTimeout(late);
    if (this.endedBadly) throw new ServerProcessError('a server process did not stop as it should');
  }

  private fork(): Worker {
    const { env, log } = this.settings;
    const started = performance.now();
    const worker = cluster.fork(env);
    this.living.add(worker);
    const who = { process: worker.id, pid: worker.process.pid };
    log.info(who, 'server process started');
    worker.on('error', (error) => log.error({ ...who, err: error }, 'a server process failed'));
    void endOf(worker).then(({ code, signal }) => {
      this.living.delete(worker);
      const end = { ...who, code, signal, livedMs: Math.round(performance.now() - started) };
      const well = this.stopping && code === 0;
      if (well) log.info(end, 'server process stopped');
      else log.error(end, 'a server process died');
      if (this.stopping && !well) this.endedBadly = true;
    });
    return worker;
  }

  /** Resolves when the new process has ended; at once when it could not be started. */
  private forkAgain(): Promise<unknown> {
    try {
      return endOf(this.fork());
    } catch (error) {
      this.settings.log.error({ err: error }, 'a server process could not be started');
      return Promise.resolve();
    }
  }

  /** Replaces each process that ends, until all are to stop. */
  private async replace(end: Promise<unknown>): Promise<void> {
    let wait = 0;
    for (let next: Promise<unknown> = end; ; next = this.forkAgain()) {
      const started = performance.now();
      await next;
      const well = performance.now() - started > WELL_AFTER_MS;
      wait = well ? FIRST_RESTART_MS : Math.min(Math.max(wait * 2, FIRST_RESTART_MS), MAX_RESTART_MS);
      await delay(wait);
      if (this.stopping) return;
    }
  }
}

interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

function endOf(worker: Worker): Promise<ProcessEnd> {
  return new Promise((resolve) => {
    worker.once('exit', (code: number | null, signal: string | null) => resolve({ code, signal }));
    // A process that could not be started has no exit event.
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
