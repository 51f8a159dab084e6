import { EmbeddedPostgresError } from './embedded-postgres-error';
import type { Log } from './log';

/** Postgres itself kills the backends 5 s after SIGQUIT. */
const IMMEDIATE_SHUTDOWN_LIMIT_MS = 10_000;
const KILL_LIMIT_MS = 5_000;

export interface EndingProcess {
  readonly pid: number;
  readonly stopTimeoutMs: number;
  readonly log: Log;
  signal(name: NodeJS.Signals): void | Promise<void>;
  endsWithin(limitMs: number): Promise<boolean>;
}

/**
 * Ends a postmaster: fast shutdown, which rolls back and writes a checkpoint; after the limit an immediate one, and at
 * last a kill. Every one of them leaves a cluster that loses no committed transaction.
 */
export async function endPostgres(ending: EndingProcess): Promise<void> {
  const steps: readonly [NodeJS.Signals, number][] = [
    ['SIGINT', ending.stopTimeoutMs],
    ['SIGQUIT', IMMEDIATE_SHUTDOWN_LIMIT_MS],
    ['SIGKILL', KILL_LIMIT_MS],
  ];
  for (const [signal, limitMs] of steps) {
    await ending.signal(signal);
    if (await ending.endsWithin(limitMs)) return;
    ending.log('Postgres did not stop in time', { pid: ending.pid, signal, limitMs });
  }
  throw new EmbeddedPostgresError(
    `Postgres (pid ${ending.pid}) does not end, not even by SIGKILL. Look for a disk that does not answer.`,
  );
}
