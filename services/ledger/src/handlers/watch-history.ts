import { CallError } from '@ledger/kit/rpc/call-error';
import { ANCHOR_BYTES, type WatchToken } from '../mapping/watch-token';
import type { Reason } from '../mapping/status';
import { positionText } from '../store/incarnation';
import type { Connection } from '../store/pg/connection';
import { findDigestAt, findHistory } from '../store/statements/find-history';
import { findEntriesHere } from '../store/statements/list-entries';

/** How an error names where both histories still agree. */
export interface Diverged {
  /** As positionText. */
  readonly lastCommon: string;
  /** Where a stream may go on. */
  readonly commitOrder: bigint;
}

/**
 * Whether the history holds the position of a token, and what it holds in common with the token's when it does not.
 *
 * A token of an older incarnation is from the common past up to where the next one began. A later position was in a past
 * that was cut off: a standby that had not received everything was promoted, or an older backup was restored. What the
 * numbers do not show, the hash does.
 */
export async function findDivergence(connection: Connection, token: WatchToken): Promise<Diverged | null> {
  const { incarnation } = token;
  const { newest, newestOrder, same, nextStartOrder } = await findHistory(connection, incarnation.ordinal);
  const isShared = same?.nonce === incarnation.nonce;
  const parted = same ?? newest;
  // Where the token's incarnation is another copy's, both parted before either began.
  const common = isShared
    ? (nextStartOrder ?? newestOrder)
    : least(incarnation.startOrder, parted.startOrder);
  const reached = token.sequence > 0n ? token.commitOrder : token.commitOrder - 1n;
  const diverged = (order: bigint): Diverged => ({
    lastCommon: positionText(parted, order),
    commitOrder: order,
  });
  if (reached > common) return diverged(isShared && nextStartOrder === null ? parted.startOrder : common);
  if (await hasAnchor(connection, token)) return null;
  return diverged(least(common, parted.startOrder));
}

/** The error for a position that history does not hold, with a token that goes on where it last agreed. */
export function historyDiverged(
  token: WatchToken,
  { lastCommon }: Diverged,
  resumeToken: string,
): CallError<Reason> {
  const position = positionText(token.incarnation, token.commitOrder);
  return new CallError(
    'HISTORY_DIVERGED',
    `the ledger's history does not hold position ${position}; it is the same up to ${lastCommon}`,
    { metadata: { position, last_common_position: lastCommon, resume_token: resumeToken } },
  );
}

/** The first bytes of the hash that stand for the history before a commit order; none before the first transaction. */
export async function anchorBefore(connection: Connection, commitOrder: bigint): Promise<Buffer> {
  const digest = commitOrder > 0n ? await findDigestAt(connection, commitOrder - 1n) : null;
  return digest?.subarray(0, ANCHOR_BYTES) ?? Buffer.alloc(0);
}

async function hasAnchor(connection: Connection, token: WatchToken): Promise<boolean> {
  if (token.sequence === 0n) return (await anchorBefore(connection, token.commitOrder)).equals(token.anchor);
  const [entry] = await findEntriesHere(connection, [token]);
  return entry?.hash.subarray(0, ANCHOR_BYTES).equals(token.anchor) ?? false;
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
