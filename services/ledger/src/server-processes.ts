import cluster, { type Worker } from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import { StartError } from '@ledger/kit/server/start-error';
import type { LedgerLog } from './logger';

/** A process that died is replaced at once; one that dies again and again, after ever longer waits. */
const FIRST_RESTART_MS = 50;
const MAX_RESTART_MS = 5_000;
/** A process that lived for so long is taken to have been well. */
const WELL_AFTER_MS = 30_000;

/** Server processes that share one port. */
export interface ServerProcesses {
  /** Host and the port that they got. Port 0 may become another one when all of them die at once. */
  readonly address: string;
  /** Has each finish what it accepted; kills those that have not ended within the limit. */
  stop(limitMs: number): Promise<void>;
}

/** A server process that could not be started or did not stop; it has said why on standard error. */
class ServerProcessError extends StartError {
  override readonly name = 'ServerProcessError';
}

/** What the processes are started with. */
export interface ServerProcessSettings {
  readonly count: number;
  /** Set for them on top of this process's own environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly log: LedgerLog['logger'];
}

/**
 * Starts server processes on one port with node:cluster, which hands new connections to them in turn. They know
 * nothing of each other, as servers on different machines do: the row locks and the primary keys of the database
 * keep them right. One that dies is started again; its callers repeat with the same request ids and find what was
 * booked.
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

/** Tells the process that started this one that it listens. */
export function reportListening(address: string): void {
  process.send?.({ listening: address });
}

class ProcessGroup {
  private readonly living = new Set<Worker>();
  private stopping = false;
  private endedBadly = false;

  constructor(private readonly settings: ServerProcessSettings) {}

  /** Starts a process and keeps one in its place. Resolves to its address once the first one listens. */
  async start(): Promise<string> {
    const worker = this.fork();
    const end = endOf(worker);
    const address = await Promise.race([addressOf(worker), end.then(() => null)]);
    if (address === null) throw new ServerProcessError('a server process ended before it listened');
    void this.replace(end);
    return address;
  }

  /** @throws ServerProcessError when one did not end by itself, in time and well */
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

  /** Resolves when the new process has ended, at once if there could be none. */
  private forkAgain(): Promise<unknown> {
    try {
      return endOf(this.fork());
    } catch (error) {
      this.settings.log.error({ err: error }, 'a server process could not be started');
      return Promise.resolve();
    }
  }

  /** Puts a new process in the place of each that ends, until all are told to stop. */
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
