import { CallError } from '@ledger/kit/rpc/call-error';
import { ANCHOR_BYTES, type WatchToken } from '../mapping/watch-token';
import type { Reason } from '../mapping/status';
import type { Incarnation } from '../store/incarnation';
import { readNextEntries } from '../store/statements/read-next-entries';
import { readNextEntriesOfUser } from '../store/statements/read-next-entries-of-user';
import { startOf, type WatchedEntry, type WatchFilter, type WatchPosition } from '../store/watch-page';
import type { WatchedCell } from '../store/watched-cell';
import { isSystemAccount } from '../ledger/account';
import { anchorBefore, findDivergence, type Diverged } from './watch-history';

/** The most entries that a stream reads ahead of its caller. */
const PAGE_SIZE = 500;

/** Where a stream begins in a cell: at a token, or at a position; null: now. */
export type CellStart = WatchToken | WatchPosition | null;

/** The part of a stream that lies in one cell: where it has come to, and what follows. */
export class CellStream {
  /** Everything before its position was read; there was nothing more by the last look. */
  caughtUp = false;

  private constructor(
    private readonly watched: WatchedCell,
    private readonly filter: WatchFilter,
    private readonly incarnation: Incarnation,
    private position: WatchPosition,
    /** Where the caller goes on. */
    public token: WatchToken,
    /** How far the stream is held back, in microseconds, by the last look. */
    public lag: bigint,
  ) {}

  /** Begins; a token must be of the cell's history, see `diverged`. */
  static async begin(watched: WatchedCell, filter: WatchFilter, start: CellStart): Promise<CellStream> {
    const { horizon, incarnation, lag } = await watched.lag.read();
    const position = start ?? startOf(horizon);
    const token =
      start !== null && 'anchor' in start ? start : await tokenBefore(watched, incarnation, position);
    return new CellStream(watched, filter, incarnation, position, token, lag);
  }

  /** What the cell's history holds in common with a token's, and a token to go on with there; null: all of it. */
  static async diverged(
    watched: WatchedCell,
    token: WatchToken,
  ): Promise<{ diverged: Diverged; resume: WatchToken } | null> {
    const diverged = await watched.read((connection) => findDivergence(connection, token));
    if (diverged === null) return null;
    const { incarnation } = await watched.lag.read();
    const resume = await tokenBefore(watched, incarnation, startOf(diverged.commitOrder + 1n));
    return { diverged, resume };
  }

  get cell(): number {
    return this.watched.cell;
  }

  /** The next entries. The stream has come to each when it is taken. */
  async *next(): AsyncGenerator<WatchedEntry> {
    const { watched, filter, incarnation, position } = this;
    const read = isNarrow(filter) ? readNextEntriesOfUser : readNextEntries;
    const page = await watched.read((connection) => read(connection, filter, position, PAGE_SIZE));
    refuseOther(incarnation, page.incarnation);
    for (const entry of page.entries) {
      this.token = { ...keyOf(entry), incarnation, anchor: entry.hash.subarray(0, ANCHOR_BYTES) };
      yield entry;
    }
    this.position = page.next;
    this.caughtUp = page.caughtUp;
  }

  /** Looks how far the stream is held back, and moves the token up to its position. */
  async look(): Promise<void> {
    const { watched, incarnation, position } = this;
    const now = await watched.lag.read();
    refuseOther(incarnation, now.incarnation.ordinal);
    if (position.sequence === 0n) this.token = await tokenBefore(watched, incarnation, position);
    this.lag = now.lag;
  }

  /** Resolves when there may be more, at the latest after `timeoutMs` or when it is aborted. */
  changed(timeoutMs: number, signal: AbortSignal): Promise<void> {
    return this.watched.changes.next(this.filter.userId, this.position.commitOrder, timeoutMs, signal);
  }
}

async function tokenBefore(
  { read }: WatchedCell,
  incarnation: Incarnation,
  position: WatchPosition,
): Promise<WatchToken> {
  const anchor = await read((connection) => anchorBefore(connection, position.commitOrder));
  return { ...position, incarnation, anchor };
}

/**
 * Ends a stream when Postgres is another one than at its beginning: whether that one holds what was sent is found out when
 * the stream is resumed.
 */
function refuseOther({ ordinal }: Incarnation, now: number): void {
  if (now !== ordinal)
    throw new CallError<Reason>('STORE_UNAVAILABLE', 'Postgres was restarted: resume the stream');
}

function keyOf({ commitOrder, userId, asset, stripe, sequence }: WatchPosition): WatchPosition {
  return { commitOrder, userId, asset, stripe, sequence };
}

/**
 * Whether the user's accounts are so few that they are read each by itself. A system account of all assets is the
 * counterpart of nearly every transaction, and has many stripes, so reading the whole ledger is cheaper.
 */
function isNarrow({ userId, asset }: WatchFilter): boolean {
  return userId !== '' && (asset !== '' || !isSystemAccount(userId));
}
