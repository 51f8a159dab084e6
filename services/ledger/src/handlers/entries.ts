import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { ListEntriesRequest, ListEntriesResponse } from '@ledger/proto/ledger/v1/ledger_service';
import { isSystemAccount } from '../ledger/account';
import { INT64_MAX } from '../ledger/money';
import type { Placement } from '../ledger/placement';
import type { Connection } from '../store/pg/connection';
import { findSequencesBeforeOver, listEntriesOver, listStripesOver } from '../store/over-cells';
import type { EntryFilter, StripeRange } from '../store/statements/list-entries';
import type { StoredEntry } from '../store/stored-entry';
import type { SettledHorizon } from '../store/settled-horizon';
import type { Store } from '../store/store';
import { entryKinds, newestFirst } from '../mapping/filters';
import { bytesOf, entryMessage, timestampOf } from '../mapping/messages';
import { pageOf, type PageFilter, type PageTokens } from '../mapping/page-token';
import { RequestValidator } from '../mapping/validator';
import { endOfListing } from './settled';
import type { UnaryMethod } from '@ledger/kit/rpc/unary';

/** ListEntries: pages by key, so a page costs the same wherever it lies, and writers do not shift it. */
export function listEntries(
  store: Store,
  tokens: PageTokens,
  horizon: SettledHorizon,
): UnaryMethod<ListEntriesRequest> {
  return {
    path: 'ledger.v1.LedgerService/ListEntries',
    decode: (bytes) => ListEntriesRequest.decode(bytes),
    handle: async (request, context) => {
      const { filter, pageSize, token } = entriesQuery(request);
      const bound = pageFilter(filter);
      const position = tokens.open(bound, token);
      // A user's account is one sequence, into which nothing comes; a system account has many, merged by time.
      const isForward = !filter.newestFirst && isSystemAccount(filter.userId);
      const endTime = await endOfListing(horizon, { end: filter.endTime, isForward }, context);
      const { placement } = store;
      return store.reader('list')(async (connection) => {
        const cursors =
          position === null ? await firstCursors(connection, placement, filter) : decodeCursors(position);
        const ranges = await rangesOf(connection, placement, { ...filter, endTime }, cursors);
        const found = await listEntriesOver(
          connection,
          placement,
          { ...filter, endTime },
          ranges,
          pageSize + 1,
        );
        const { rows, last } = pageOf(found, pageSize);
        const entries = rows.map((entry) => entryMessage(entry, entry, timestampOf(entry.createTime)));
        const nextPageToken =
          last === undefined ? '' : tokens.seal(bound, encodeCursors(advance(cursors, rows)));
        return bytesOf(ListEntriesResponse.encode({ entries, nextPageToken }));
      }, context.deadline);
    },
  };
}

/** What is asked for. Throws INVALID_FIELD that names every invalid field. A forged page token is found later. */
export function entriesQuery(request: ListEntriesRequest): {
  filter: EntryFilter;
  pageSize: number;
  token: string;
} {
  const validator = new RequestValidator();
  const query = {
    filter: filterOf(validator, request),
    pageSize: validator.pageSize(request.pageSize),
    token: validator.pageToken(request.pageToken),
  };
  validator.throwIfInvalid();
  return query;
}

function filterOf(validator: RequestValidator, request: ListEntriesRequest): EntryFilter {
  return {
    userId: validator.accountUserId('user_id', request.userId),
    asset: validator.asset('asset', request.asset),
    newestFirst: newestFirst(validator, request.order),
    startTime: validator.optionalTime('start_time', request.startTime),
    endTime: validator.optionalTime('end_time', request.endTime),
    kinds: entryKinds(validator, request.kinds),
  };
}

function pageFilter(filter: EntryFilter): PageFilter {
  const { userId, asset, newestFirst, startTime, endTime, kinds } = filter;
  return ['ListEntries', userId, asset, newestFirst, startTime, endTime, [...kinds].sort().join()];
}

/** Per stripe the sequence of the last entry shown, or the one beyond which a first page begins. */
type Cursors = ReadonlyMap<number, bigint>;

/**
 * Where a first page begins. Newest first begins with what is there now: writers must not add to a later page what
 * belongs before the first. Oldest first needs no beginning.
 */
async function firstCursors(
  connection: Connection,
  placement: Placement,
  filter: EntryFilter,
): Promise<Cursors> {
  if (!filter.newestFirst) return new Map();
  if (!isSystemAccount(filter.userId)) return new Map([[0, INT64_MAX]]);
  const stripes = await listStripesOver(connection, placement, filter.userId, filter.asset);
  return new Map(stripes.map(({ stripe, sequence }) => [stripe, sequence + 1n]));
}

/** The part of each stripe that is left. Oldest first also takes in stripes that came up meanwhile. */
async function rangesOf(
  connection: Connection,
  placement: Placement,
  filter: EntryFilter,
  cursors: Cursors,
): Promise<StripeRange[]> {
  const { userId, asset, startTime, endTime } = filter;
  const [stripes, starts, ends] = await Promise.all([
    filter.newestFirst ? [...cursors.keys()] : stripesOf(connection, placement, userId, asset),
    startTime === null ? null : findSequencesBeforeOver(connection, placement, filter, startTime),
    endTime === null ? null : findSequencesBeforeOver(connection, placement, filter, endTime),
  ]);
  return stripes.map((stripe) => {
    const after = starts?.get(stripe)?.allBefore ?? 0n;
    const before = ends === null ? INT64_MAX : (ends.get(stripe)?.last ?? 0n) + 1n;
    const cursor = cursors.get(stripe);
    if (cursor === undefined) return { stripe, after, before };
    return filter.newestFirst
      ? { stripe, after, before: cursor < before ? cursor : before }
      : { stripe, after: cursor > after ? cursor : after, before };
  });
}

async function stripesOf(
  connection: Connection,
  placement: Placement,
  userId: string,
  asset: string,
): Promise<number[]> {
  if (!isSystemAccount(userId)) return [0];
  return (await listStripesOver(connection, placement, userId, asset)).map(({ stripe }) => stripe);
}

function advance(cursors: Cursors, page: readonly StoredEntry[]): Cursors {
  return new Map([...cursors, ...page.map((entry): [number, bigint] => [entry.stripe, entry.sequence])]);
}

function encodeCursors(cursors: Cursors): Uint8Array {
  const writer = new BinaryWriter();
  for (const [stripe, sequence] of cursors) writer.uint32(stripe).uint64(sequence);
  return writer.finish();
}

function decodeCursors(position: Buffer): Cursors {
  const reader = new BinaryReader(position);
  const cursors = new Map<number, bigint>();
  while (reader.pos < reader.len) cursors.set(reader.uint32(), BigInt(reader.uint64()));
  return cursors;
}
