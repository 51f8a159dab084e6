import { CallError } from '@ledger/kit/rpc/call-error';
import { WatchEntriesRequest, WatchEntriesResponse } from '@ledger/proto/ledger/v1/ledger_service';
import { isSystemAccount } from '../ledger/account';
import type { ChangeSignal } from '../store/change-signal';
import type { Incarnation } from '../store/incarnation';
import { readNextEntries } from '../store/statements/read-next-entries';
import { readNextEntriesOfUser } from '../store/statements/read-next-entries-of-user';
import type { Store } from '../store/store';
import type { StreamLag } from '../store/stream-lag';
import { startOf, type WatchFilter, type WatchPosition } from '../store/watch-page';
import { bytesOf, durationOf, entryMessage, timestampOf } from '../mapping/messages';
import type { PageFilter, PageTokens } from '../mapping/page-token';
import type { CallContext } from '@ledger/kit/rpc/incoming-call';
import type { ServerStreamMethod } from '@ledger/kit/rpc/server-stream';
import type { Reason } from '../mapping/status';
import { RequestValidator } from '../mapping/validator';
import { ANCHOR_BYTES, decodeWatchToken, encodeWatchToken, type WatchToken } from '../mapping/watch-token';
import { anchorBefore, findDivergence, historyDiverged } from './watch-history';

/** What watching works with. */
export interface WatchParts {
  readonly store: Store;
  readonly tokens: PageTokens;
  readonly changes: ChangeSignal;
  readonly lag: StreamLag;
  /** The longest silence of a stream. */
  readonly heartbeatMs: number;
}

/** The most entries that a stream reads ahead of its caller. */
const PAGE_SIZE = 500;

const TOKEN_FIELD = 'resume_token';

/** A request that was found to be well formed. */
interface Watch {
  readonly filter: WatchFilter;
  /** What tokens are bound to. */
  readonly bound: PageFilter;
  /** Where the stream begins: at a token, or at the first entry; null: now. */
  readonly start: WatchToken | WatchPosition | null;
}

/**
 * WatchEntries: the ledger in commit order, see watch-page.ts, as far as the filter matches. A token is a position in
 * that order, so any server goes on from it.
 */
export function watchEntries(parts: WatchParts): ServerStreamMethod<WatchEntriesRequest> {
  return {
    path: 'ledger.v1.LedgerService/WatchEntries',
    decode: (bytes) => WatchEntriesRequest.decode(bytes),
    run: (request, context) => stream(parts, watchOf(request, parts.tokens), context),
  };
}

/** Pages are read one at a time, each when its caller has taken the one before: a slow reader loses nothing. */
async function* stream(
  { store, tokens, changes, lag, heartbeatMs }: WatchParts,
  { filter, bound, start }: Watch,
  { signal }: CallContext,
): AsyncGenerator<Buffer> {
  const readOne = store.reader('watch');
  const read = isNarrow(filter) ? readNextEntriesOfUser : readNextEntries;
  const { horizon, incarnation, lag: lagAtFirst } = await lag.read();
  const seal = (token: WatchToken): string => tokens.seal(bound, encodeWatchToken(token));
  const tokenBefore = async (position: WatchPosition): Promise<WatchToken> => ({
    ...position,
    incarnation,
    anchor: await readOne((connection) => anchorBefore(connection, position.commitOrder)),
  });
  const heartbeat = (token: WatchToken, behind: bigint): Buffer =>
    bytesOf(
      WatchEntriesResponse.encode({ entry: undefined, resumeToken: seal(token), lag: durationOf(behind) }),
    );

  if (start !== null && 'anchor' in start) {
    const diverged = await readOne((connection) => findDivergence(connection, start));
    if (diverged !== null) {
      throw historyDiverged(start, diverged, seal(await tokenBefore(startOf(diverged.commitOrder + 1n))));
    }
  }
  let position: WatchPosition = start ?? startOf(horizon);
  let token = start !== null && 'anchor' in start ? start : await tokenBefore(position);
  // At once, so that a stream that breaks before its first entry is resumed from where it began.
  yield heartbeat(token, lagAtFirst);
  let nextHeartbeat = performance.now() + heartbeatMs;
  while (!signal.aborted) {
    const from = position;
    const page = await readOne((connection) => read(connection, filter, from, PAGE_SIZE));
    refuseOther(incarnation, page.incarnation);
    for (const entry of page.entries) {
      token = { ...keyOf(entry), incarnation, anchor: entry.hash.subarray(0, ANCHOR_BYTES) };
      const message = entryMessage(entry, entry, timestampOf(entry.createTime));
      yield bytesOf(
        WatchEntriesResponse.encode({ entry: message, resumeToken: seal(token), lag: undefined }),
      );
    }
    position = page.next;
    if (page.entries.length > 0) nextHeartbeat = performance.now() + heartbeatMs;
    if (performance.now() >= nextHeartbeat) {
      const now = await lag.read();
      refuseOther(incarnation, now.incarnation.ordinal);
      if (position.sequence === 0n) token = await tokenBefore(position);
      yield heartbeat(token, now.lag);
      nextHeartbeat = performance.now() + heartbeatMs;
    }
    if (page.caughtUp) {
      await changes.next(filter.userId, position.commitOrder, nextHeartbeat - performance.now(), signal);
    }
  }
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

/** What to watch. Throws INVALID_FIELD that names every invalid field. A forged resume token is found later. */
export function watchQuery(request: WatchEntriesRequest): {
  filter: WatchFilter;
  fromStart: boolean;
  token: string;
} {
  const validator = new RequestValidator();
  const { fromStart } = request;
  const userId = request.userId === '' ? '' : validator.accountUserId('user_id', request.userId);
  const asset = validator.optionalAsset('asset', request.asset);
  const token = validator.pageToken(request.resumeToken, TOKEN_FIELD);
  if (fromStart && token !== '') validator.addViolation('from_start', 'must not come with a resume_token');
  validator.throwIfInvalid();
  return { filter: { userId, asset }, fromStart, token };
}

function watchOf(request: WatchEntriesRequest, tokens: PageTokens): Watch {
  const { filter, fromStart, token } = watchQuery(request);
  const bound: PageFilter = ['WatchEntries', filter.userId, filter.asset];
  const opened = tokens.open(bound, token, TOKEN_FIELD);
  const start = opened === null ? null : decodeWatchToken(opened);
  return { filter, bound, start: fromStart ? startOf(0n) : start };
}
