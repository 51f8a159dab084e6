import { createHash, type Hash } from 'node:crypto';
import type { AccountKey } from '../ledger/account';
import { CanonicalBytes } from '../ledger/canonical-bytes';
import { compareText } from '../ledger/lock-keys';
import type { Placement } from '../ledger/placement';
import type { Connection } from '../store/pg/connection';
import { readHeads, type Head } from '../store/statements/read-heads';
import {
  readCoveredHolds,
  readCoveredItems,
  readCoveredRequests,
  type CoveredHold,
  type CoveredItem,
  type CoveredRequest,
} from '../store/statements/read-covered-rows';
import { FIRST_ID, FIRST_KEY, readerIn, type LedgerReader } from './ledger-reader';
import { mergeCells } from './merge-cells';

const ROWS_PER_PAGE = 1_000;

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

/**
 * The state of the ledger at a final time. In which cells its rows lie has no part in it.
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
export async function rootAt(read: LedgerReader, placement: Placement, time: bigint): Promise<LedgerRoot> {
  const hash = createHash('sha256');
  const out = new CanonicalBytes();
  const cover: Cover = {
    hash,
    out,
    rows: (cells, page, compare, isOwn = () => true) =>
      mergeCells({
        ...{ cells, pageSize: ROWS_PER_PAGE, compare, isOwn },
        page: (cell, after) => readerIn(read, cell)((connection) => page(connection, after)),
      }),
    ...{ placement, time },
  };
  hash.update(out.reset().text('ledger.root').byte(1).bytes());
  const { accounts, entries } = await coverAccounts(cover);
  await coverRequests(cover);
  await coverHolds(cover);
  await coverItems(cover);
  return { time, accounts, entries, root: hash.digest() };
}

/** What a root is made with. */
interface Cover {
  readonly hash: Hash;
  readonly out: CanonicalBytes;
  readonly placement: Placement;
  readonly time: bigint;
  /** The rows of cells in the order of their key, wherever they lie. */
  readonly rows: <Row>(
    cells: readonly number[],
    page: (connection: Connection, after: Row | undefined) => Promise<readonly Row[]>,
    compare: (a: Row, b: Row) => number,
    isOwn?: (row: Row, cell: number) => boolean,
  ) => AsyncGenerator<readonly Row[]>;
}

async function coverAccounts({ hash, out, placement, time, rows }: Cover): Promise<{
  readonly accounts: bigint;
  readonly entries: bigint;
}> {
  let accounts = 0n;
  let entries = 0n;
  const pages = rows<Head>(
    placement.cells,
    (connection, after) => readHeads(connection, after ?? FIRST_KEY, time, ROWS_PER_PAGE),
    compareKeys,
  );
  for await (const heads of pages) {
    for (const head of heads) {
      if (head.hash === null) continue;
      accounts += 1n;
      entries += head.sequence;
      out.reset().text(head.userId).text(head.asset).i64(BigInt(head.stripe));
      hash.update(out.i64(head.sequence).raw(head.hash).bytes());
    }
  }
  return { accounts, entries };
}

async function coverRequests({ hash, out, placement, time, rows }: Cover): Promise<void> {
  hash.update(out.reset().text('requests').bytes());
  const pages = rows<CoveredRequest>(
    placement.cells,
    (connection, after) => {
      const key = { userId: after?.[0] ?? '', requestId: after?.[1] ?? '' };
      return readCoveredRequests(connection, key, time, ROWS_PER_PAGE);
    },
    compareTexts,
    // A request that booked something in other cells has rows there as well.
    ([userId, requestId], cell) => placement.ofRequest(userId, requestId) === cell,
  );
  for await (const page of pages) {
    for (const [userId, requestId, method, caller, content, code, reason, outcome, id, order] of page) {
      out.reset().text(userId).text(requestId).text(method).text(caller);
      out.raw(content).byte(code).text(reason).raw(outcome);
      hash.update(optionalText(out, id).optionalI64(order).bytes());
    }
  }
}

async function coverHolds({ hash, out, placement, time, rows }: Cover): Promise<void> {
  hash.update(out.reset().text('holds').bytes());
  const pages = rows<CoveredHold>(
    placement.cells,
    (connection, after) => {
      const key = { userId: after?.[0] ?? '', holdId: after?.[1] ?? FIRST_ID };
      return readCoveredHolds(connection, key, time, ROWS_PER_PAGE);
    },
    compareTexts,
  );
  for await (const page of pages) {
    for (const [userId, holdId, asset, amount, destination, expiry, placed, state, captured] of page) {
      out.reset().text(userId).text(holdId).text(asset).i64(amount).text(destination);
      hash.update(out.optionalI64(expiry).optionalI64(placed).byte(state).i64(captured).bytes());
    }
  }
}

/** Those of the first cell: the others have the same, which VerifyLedger compares. */
async function coverItems({ hash, out, placement, time, rows }: Cover): Promise<void> {
  hash.update(out.reset().text('items').bytes());
  const pages = rows<CoveredItem>(
    placement.cells.slice(0, 1),
    (connection, after) => {
      const key = { itemId: after?.[0] ?? '', version: after?.[1] ?? 0n };
      return readCoveredItems(connection, key, time, ROWS_PER_PAGE);
    },
    () => 0,
  );
  for await (const page of pages) {
    for (const [itemId, version, name, asset, price, active, grantAsset, createTime] of page) {
      out.reset().text(itemId).i64(version).text(name).text(asset).i64(price);
      hash.update(
        out
          .byte(active ? 1 : 0)
          .text(grantAsset)
          .optionalI64(createTime)
          .bytes(),
      );
    }
  }
}

function compareKeys(a: AccountKey, b: AccountKey): number {
  return compareText(a.userId, b.userId) || compareText(a.asset, b.asset) || a.stripe - b.stripe;
}

type TextKey = readonly [string, string, ...unknown[]];

function compareTexts([a, one]: TextKey, [b, other]: TextKey): number {
  return compareText(a, b) || compareText(one, other);
}

function optionalText(out: CanonicalBytes, value: string | null): CanonicalBytes {
  return value === null ? out.byte(0) : out.byte(1).text(value);
}
