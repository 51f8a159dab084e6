import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import type { Entry } from '@ledger/proto/ledger/v1/ledger';
import { WatchEntriesRequest, WatchEntriesResponse } from '@ledger/proto/ledger/v1/ledger_service';
import { isSystemAccount } from '../ledger/account';
import type { ChangeSignal } from '../store/change-signal';
import { readHorizon } from '../store/statements/read-horizon';
import { readNextEntries } from '../store/statements/read-next-entries';
import { readNextEntriesOfUser } from '../store/statements/read-next-entries-of-user';
import type { Store } from '../store/store';
import { startOf, type WatchFilter, type WatchPosition } from '../store/watch-page';
import { bytesOf, entryMessage, timestampOf } from '../mapping/messages';
import type { PageFilter, PageTokens } from '../mapping/page-token';
import type { CallContext } from '@ledger/kit/rpc/incoming-call';
import type { ServerStreamMethod } from '@ledger/kit/rpc/server-stream';
import { invalidFields } from '@ledger/kit/rpc/call-error';
import { RequestValidator } from '../mapping/validator';

/** What watching works with. */
export interface WatchParts {
  readonly store: Store;
  readonly tokens: PageTokens;
  readonly changes: ChangeSignal;
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
  /** Where the stream begins; null: now. */
  readonly start: WatchPosition | null;
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
  { store, tokens, changes, heartbeatMs }: WatchParts,
  { filter, bound, start }: Watch,
  { signal }: CallContext,
): AsyncGenerator<Buffer> {
  const read = isNarrow(filter) ? readNextEntriesOfUser : readNextEntries;
  const message = (position: WatchPosition, entry?: Entry): Buffer => {
    const resumeToken = tokens.seal(bound, encodePosition(position));
    return bytesOf(WatchEntriesResponse.encode({ entry, resumeToken }));
  };

  let position = await beginning(store, start);
  // At once, so that a stream that breaks before its first entry is resumed from where it began.
  yield message(position);
  let nextHeartbeat = performance.now() + heartbeatMs;
  while (!signal.aborted) {
    const from = position;
    const page = await store.reader('watch')((connection) => read(connection, filter, from, PAGE_SIZE));
    for (const entry of page.entries) {
      yield message(entry, entryMessage(entry, entry, timestampOf(entry.createTime)));
    }
    position = page.next;
    if (page.entries.length > 0) nextHeartbeat = performance.now() + heartbeatMs;
    if (performance.now() >= nextHeartbeat) {
      yield message(position);
      nextHeartbeat = performance.now() + heartbeatMs;
    }
    if (page.caughtUp) {
      await changes.next(filter.userId, position.commitOrder, nextHeartbeat - performance.now(), signal);
    }
  }
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
  const start = opened === null ? null : decodePosition(opened);
  return { filter, bound, start: fromStart ? startOf(0n) : start };
}

/**
 * Where a stream begins. Now is the horizon: what was booked just before may come too, and nothing after is missed.
 *
 * Positions are made of the cluster's transaction ids. They never run backwards, but in two ways: the database was put
 * back to an earlier state, or it was dumped and restored into a new cluster. In the first, a token may be ahead of
 * the ledger; it is refused as long as that shows, since what is booked in its place would be skipped. In the second,
 * the ledger is ahead of its cluster, and nothing new would come below the horizon before the ids have caught up;
 * `pg_resetwal --next-transaction-id` (and `--epoch`) on the stopped new cluster puts them in front.
 */
async function beginning(store: Store, start: WatchPosition | null): Promise<WatchPosition> {
  const { horizon, nextXid, newest } = await store.reader('watch')(readHorizon);
  if (newest >= nextXid) {
    throw new RangeError(
      `the ledger has commit order ${newest}, but the next transaction id of its cluster is ${nextXid}: was it ` +
        'restored from a dump? Advance the ids with pg_resetwal, then watch',
    );
  }
  // No position lies further than right behind the last one.
  if (start !== null && start.commitOrder > newest + 1n) {
    throw invalidFields([{ field: TOKEN_FIELD, description: 'is ahead of the ledger, which was put back' }]);
  }
  return start ?? startOf(horizon);
}

function encodePosition({ commitOrder, userId, asset, stripe, sequence }: WatchPosition): Uint8Array {
  const writer = new BinaryWriter().uint64(commitOrder);
  // What lies before everything of its commit order is the usual one, and short.
  if (sequence > 0n) writer.string(userId).string(asset).uint32(stripe).uint64(sequence);
  return writer.finish();
}

function decodePosition(bytes: Buffer): WatchPosition {
  const reader = new BinaryReader(bytes);
  const before = startOf(BigInt(reader.uint64()));
  if (reader.pos === reader.len) return before;
  const [userId, asset] = [reader.string(), reader.string()];
  return { ...before, userId, asset, stripe: reader.uint32(), sequence: BigInt(reader.uint64()) };
}
