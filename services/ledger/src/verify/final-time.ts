import { setTimeout as delay } from 'node:timers/promises';
import { MARK_CLASS } from '../store/clock-mark';
import { readSettled } from '../store/statements/read-settled';
import type { LedgerReader } from './ledger-reader';

const WRITERS_POLL_MS = 20;
/** Longer than any batch may take with the default settings. */
const WRITERS_WAIT_MS = 60_000;

/** A transaction was still writing when the time limit passed. */
export class WritersBusy extends Error {
  override readonly name = 'WritersBusy';
}

/**
 * A time up to which no entry can be added any more: right before the clock of the database now. The function resolves
 * when it is settled, see clock-mark.ts.
 *
 * This relies on the clock of the database. If that is set back to before this time, or if a standby with a slower
 * clock takes over, new entries get earlier times, and a checkpoint of this time no longer agrees.
 *
 * @throws WritersBusy when a transaction is still writing after `waitMs`
 */
export async function finalTime(read: LedgerReader, waitMs = WRITERS_WAIT_MS): Promise<bigint> {
  const { clock, before: settled } = await read(readSettled);
  const end = performance.now() + waitMs;
  for (let before = settled; before < clock; before = (await read(readSettled)).before) {
    if (performance.now() > end) {
      throw new WritersBusy(
        `a batch has been writing for ${waitMs} ms: its session holds advisory lock ${MARK_CLASS} in pg_locks`,
      );
    }
    await delay(WRITERS_POLL_MS);
  }
  return clock - 1n;
}
