import { WatchEntriesRequest, WatchEntriesResponse } from '@ledger/proto/ledger/v1/ledger_service';
import type { Placement } from '../ledger/placement';
import { startOf, type WatchFilter } from '../store/watch-page';
import type { WatchedCell } from '../store/watched-cell';
import { bytesOf, durationOf, entryMessage, timestampOf } from '../mapping/messages';
import type { PageFilter, PageTokens } from '../mapping/page-token';
import type { CallContext } from '@ledger/kit/rpc/incoming-call';
import type { ServerStreamMethod } from '@ledger/kit/rpc/server-stream';
import { RequestValidator } from '../mapping/validator';
import { decodeWatchTokens, encodeWatchTokens, type WatchTokens } from '../mapping/watch-token';
import { CellStream, type CellStart } from './cell-stream';
import { historyDiverged } from './watch-history';

/** What watching works with. */
export interface WatchParts {
  readonly placement: Placement;
  readonly tokens: PageTokens;
  readonly watchedCells: readonly WatchedCell[];
  /** The longest silence of a stream. */
  readonly heartbeatMs: number;
}

const TOKEN_FIELD = 'resume_token';

/** A request that was found to be well formed. */
interface Watch {
  readonly filter: WatchFilter;
  /** What tokens are bound to. */
  readonly bound: PageFilter;
  /** Where the stream begins: at a token, or at the first entry; null: now. */
  readonly start: WatchTokens | 'first entry' | null;
}

/**
 * WatchEntries: each cell in its commit order, see watch-page.ts, as far as the filter matches. A token is a position in
 * each cell, so any server goes on from it.
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
  { placement, tokens, watchedCells, heartbeatMs }: WatchParts,
  { filter, bound, start }: Watch,
  { signal }: CallContext,
): AsyncGenerator<Buffer> {
  const own = filter.userId === '' ? placement.cells : placement.ofAccount(filter.userId);
  const watched = watchedCells.filter(({ cell }) => own.includes(cell));
  const seal = (positions: WatchTokens): string => tokens.seal(bound, encodeWatchTokens(positions));
  if (start instanceof Map) await refuseDiverged(watched, start, seal);
  const streams = await Promise.all(
    watched.map((each) => CellStream.begin(each, filter, startIn(each.cell, start))),
  );
  const resumeToken = (): string => seal(new Map(streams.map(({ cell, token }) => [cell, token])));
  const heartbeat = (): Buffer => {
    const lag = streams.reduce((longest, each) => (each.lag > longest ? each.lag : longest), 0n);
    const message = { entry: undefined, resumeToken: resumeToken(), lag: durationOf(lag) };
    return bytesOf(WatchEntriesResponse.encode(message));
  };

  // At once, so that a stream that breaks before its first entry is resumed from where it began.
  yield heartbeat();
  let nextHeartbeat = performance.now() + heartbeatMs;
  while (!signal.aborted) {
    for (const each of streams) {
      for await (const entry of each.next()) {
        const message = entryMessage(entry, entry, timestampOf(entry.createTime));
        yield bytesOf(
          WatchEntriesResponse.encode({ entry: message, resumeToken: resumeToken(), lag: undefined }),
        );
        nextHeartbeat = performance.now() + heartbeatMs;
      }
    }
    if (performance.now() >= nextHeartbeat) {
      await Promise.all(streams.map((each) => each.look()));
      yield heartbeat();
      nextHeartbeat = performance.now() + heartbeatMs;
    }
    if (streams.every(({ caughtUp }) => caughtUp))
      await changeOfAny(streams, nextHeartbeat - performance.now(), signal);
  }
}

/** A cell that a token does not know was added after it, and a stream has everything of it. */
function startIn(cell: number, start: Watch['start']): CellStart {
  if (start === null) return null;
  return start === 'first entry' ? startOf(0n) : (start.get(cell) ?? startOf(0n));
}

/** @throws CallError HISTORY_DIVERGED when the history of a cell does not hold its position */
async function refuseDiverged(
  watched: readonly WatchedCell[],
  start: WatchTokens,
  seal: (positions: WatchTokens) => string,
): Promise<void> {
  for (const each of watched) {
    const token = start.get(each.cell);
    const found = token === undefined ? null : await CellStream.diverged(each, token);
    if (token === undefined || found === null) continue;
    throw historyDiverged(token, found.diverged, seal(new Map(start).set(each.cell, found.resume)));
  }
}

/** Resolves when there may be more in one of the cells. */
async function changeOfAny(
  streams: readonly CellStream[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const [only] = streams;
  if (only !== undefined && streams.length === 1) return only.changed(timeoutMs, signal);
  const found = new AbortController();
  const stop = (): void => found.abort();
  signal.addEventListener('abort', stop);
  try {
    await Promise.race(streams.map((each) => each.changed(timeoutMs, found.signal)));
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
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
  const start = opened === null ? null : decodeWatchTokens(opened);
  return { filter, bound, start: fromStart ? 'first entry' : start };
}
