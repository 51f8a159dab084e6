import { createHash, type Hash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { CanonicalBytes } from '../ledger/canonical-bytes';
import { MARK_CLASS } from '../store/clock-mark';
import { readSettled } from '../store/statements/read-settled';
import { readHeads } from '../store/statements/read-heads';
import {
  readCoveredHolds,
  readCoveredItems,
  readCoveredRequests,
} from '../store/statements/read-covered-rows';
import { FIRST_ID, FIRST_KEY, type LedgerReader } from './ledger-reader';

const ACCOUNTS_PER_PAGE = 1_000;
const ROWS_PER_PAGE = 1_000;
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
  /** SHA-256 over the last entry of each account, and over requests, holds and items; see rootAt. */
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
 * of its last entry. Then, each in byte order of its key, with optional values as in docs/hashes.md:
 *
 * - text `requests`, and of each request: text user id, request id, method and caller, 32 bytes content hash, byte code,
 *   text reason, 32 bytes SHA-256 of the stored outcome, optional text transaction id, optional i64 commit order
 * - text `holds`, and of each hold: text user id, hold id and asset, i64 amount, text destination, optional i64 expire
 *   time, optional i64 create time, byte state and i64 captured amount, both as of the time
 * - text `items`, and of each version: text item id, i64 version, text name and asset, i64 price, byte active, text
 *   grant asset, optional i64 create time
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
  await coverRequests(read, time, hash, scratch);
  await coverHolds(read, time, hash, scratch);
  await coverItems(read, time, hash, scratch);
  return { time, accounts, entries, root: hash.digest() };
}

async function coverRequests(
  read: LedgerReader,
  time: bigint,
  hash: Hash,
  out: CanonicalBytes,
): Promise<void> {
  hash.update(out.reset().text('requests').bytes());
  let after = { userId: '', requestId: '' };
  for (let more = true; more;) {
    const page = await read((connection) => readCoveredRequests(connection, after, time, ROWS_PER_PAGE));
    for (const [userId, requestId, method, caller, content, code, reason, outcome, id, order] of page) {
      out.reset().text(userId).text(requestId).text(method).text(caller);
      out.raw(content).byte(code).text(reason).raw(outcome);
      hash.update(optionalText(out, id).optionalI64(order).bytes());
      after = { userId, requestId };
    }
    more = page.length === ROWS_PER_PAGE;
  }
}

async function coverHolds(read: LedgerReader, time: bigint, hash: Hash, out: CanonicalBytes): Promise<void> {
  hash.update(out.reset().text('holds').bytes());
  let after = { userId: '', holdId: FIRST_ID };
  for (let more = true; more;) {
    const page = await read((connection) => readCoveredHolds(connection, after, time, ROWS_PER_PAGE));
    for (const [userId, holdId, asset, amount, destination, expiry, placed, state, captured] of page) {
      out.reset().text(userId).text(holdId).text(asset).i64(amount).text(destination);
      hash.update(out.optionalI64(expiry).optionalI64(placed).byte(state).i64(captured).bytes());
      after = { userId, holdId };
    }
    more = page.length === ROWS_PER_PAGE;
  }
}

async function coverItems(read: LedgerReader, time: bigint, hash: Hash, out: CanonicalBytes): Promise<void> {
  hash.update(out.reset().text('items').bytes());
  let after = { itemId: '', version: 0n };
  for (let more = true; more;) {
    const page = await read((connection) => readCoveredItems(connection, after, time, ROWS_PER_PAGE));
    for (const [itemId, version, name, asset, price, active, grantAsset, createTime] of page) {
      out
        .reset()
        .text(itemId)
        .i64(version)
        .text(name)
        .text(asset)
        .i64(price)
        .byte(active ? 1 : 0);
      hash.update(out.text(grantAsset).optionalI64(createTime).bytes());
      after = { itemId, version };
    }
    more = page.length === ROWS_PER_PAGE;
  }
}

function optionalText(out: CanonicalBytes, value: string | null): CanonicalBytes {
  return value === null ? out.byte(0) : out.byte(1).text(value);
}
