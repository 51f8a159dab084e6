import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { CanonicalBytes } from '../ledger/canonical-bytes';
import { MARK_CLASS } from '../store/clock-mark';
import { readSettled } from '../store/statements/read-settled';
import { readHeads } from '../store/statements/read-heads';
import { FIRST_KEY, type LedgerReader } from './ledger-reader';

const ACCOUNTS_PER_PAGE = 1_000;
const WRITERS_POLL_MS = 20;
/** Longer than any batch may take with the default settings. */
const WRITERS_WAIT_MS = 60_000;

/** The state of the whole ledger at a time. */
export interface LedgerRoot {
  /** Epoch micros. Every entry with a create_time up to it is covered. */
  readonly time: bigint;
  /** The number of accounts (and stripes) with entries. */
  readonly accounts: bigint;
  /** The number of entries covered. */
  readonly entries: bigint;
  /** SHA-256 over the last entry of each account; see rootAt. */
  readonly root: Buffer;
}

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

/**
 * The state of the ledger at a final time.
 *
 * The root is SHA-256 over canonical bytes: text `ledger.root`, byte 1, then for each account with an entry by then,
 * in byte order of user id, asset and stripe: text user id, text asset, i64 stripe, i64 sequence and 32 bytes hash
 * of its last entry.
 */
export async function rootAt(read: LedgerReader, time: bigint): Promise<LedgerRoot> {
  const hash = createHash('sha256');
  const scratch = new CanonicalBytes();
  hash.update(scratch.reset().text('ledger.root').byte(1).bytes());
  let after = FIRST_KEY;
  let accounts = 0n;
  let entries = 0n;
  for (;;) {
    const heads = await read((connection) => readHeads(connection, after, time, ACCOUNTS_PER_PAGE));
    for (const head of heads) {
      if (head.hash === null) continue;
      accounts += 1n;
      entries += head.sequence;
      scratch.reset().text(head.userId).text(head.asset).i64(BigInt(head.stripe));
      hash.update(scratch.i64(head.sequence).raw(head.hash).bytes());
    }
    const last = heads.at(-1);
    if (last === undefined || heads.length < ACCOUNTS_PER_PAGE) break;
    after = last;
  }
  return { time, accounts, entries, root: hash.digest() };
}
