import { EmbeddedPostgresError } from './embedded-postgres-error';
import type { Log } from './log';

/** Longer than the 5 s after which Postgres itself kills its backends on SIGQUIT. */
const IMMEDIATE_SHUTDOWN_LIMIT_MS = 10_000;
const KILL_LIMIT_MS = 5_000;

/** A postmaster that is to exit, whether or not it is our child. */
export interface StoppingProcess {
  readonly pid: number;
  readonly stopTimeoutMs: number;
  readonly log: Log;
  signal(name: NodeJS.Signals): void | Promise<void>;
  endsWithin(limitMs: number): Promise<boolean>;
}

/**
 * Stops a postmaster. First by a fast shutdown, which rolls back open transactions and writes a checkpoint; after the
 * time limit by an immediate shutdown; finally by SIGKILL. None of these loses a committed transaction.
 *
 * @throws EmbeddedPostgresError when it survives SIGKILL
 */
export async function stopPostgres(postmaster: StoppingProcess): Promise<void> {
  const steps: readonly [NodeJS.Signals, number][] = [
    ['SIGINT', postmaster.stopTimeoutMs],
    ['SIGQUIT', IMMEDIATE_SHUTDOWN_LIMIT_MS],
    ['SIGKILL', KILL_LIMIT_MS],
  ];
  for (const [signal, limitMs] of steps) {
    await postmaster.signal(signal);
    if (await postmaster.endsWithin(limitMs)) return;
    postmaster.log('Postgres did not stop in time', { pid: postmaster.pid, signal, limitMs });
  }
  throw new EmbeddedPostgresError(
    `Postgres (pid ${postmaster.pid}) does not exit, not even by SIGKILL. Check for a disk that does not respond.`,
  );
}
