import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { ListEntriesRequest, ListEntriesResponse } from '../gen/ledger/v1/ledger_service';
import { type EntryKind, SortOrder } from '../gen/ledger/v1/ledger';
import { isSystemAccount } from '../ledger/account';
import { INT64_MAX } from '../ledger/money';
import * as ledger from '../ledger/transaction';
import type { Connection } from '../store/connection';
import {
  listEntries as selectEntries,
  type EntryFilter,
  type StoredEntry,
  type StripeCursor,
} from '../store/statements/list-entries';
import { listStripes } from '../store/statements/list-stripes';
import type { Store } from '../store/store';
import { bytesOf, entryMessage, timestampOf } from './message';
import type { PageFilter, PageTokens } from './page-token';
import { Shape } from './shape';
import type { UnaryMethod } from './unary';

const KINDS = Object.values(ledger.EntryKind);
const ORDERS = [SortOrder.UNSPECIFIED, SortOrder.NEWEST_FIRST, SortOrder.OLDEST_FIRST];
/** As many kinds as one filter may name. */
const KINDS_MAX = 16;

/** ListEntries: pages by key, so a page costs the same wherever it lies, and writers do not shift it. */
export function listEntries(store: Store, tokens: PageTokens): UnaryMethod<ListEntriesRequest> {
  return {
    path: 'ledger.v1.LedgerService/ListEntries',
    decode: (bytes) => ListEntriesRequest.decode(bytes),
    handle: async (request, { deadline }) => {
      const { filter, pageSize, token } = entriesQuery(request);
      const bound = pageFilter(filter);
      const position = tokens.open(bound, token);
      return store.read(async (connection) => {
        const cursors = await cursorsOf(connection, filter, position);
        // One more than the page tells whether there is a next one.
        const found = await selectEntries(connection, filter, cursors, pageSize + 1);
        const page = found.slice(0, pageSize);
        const more = found.length > pageSize;
        const entries = page.map((entry) => entryMessage(entry, entry, timestampOf(entry.createTime)));
        const nextPageToken = more ? tokens.seal(bound, encodeCursors(advance(cursors, page))) : '';
        return bytesOf(ListEntriesResponse.encode({ entries, nextPageToken }));
      }, deadline);
    },
  };
}

/** What is asked for. Throws INVALID_FIELD with all that is wrong, but for a token that was forged. */
export function entriesQuery(request: ListEntriesRequest): {
  filter: EntryFilter;
  pageSize: number;
  token: string;
} {
  const shape = new Shape();
  const query = {
    filter: filterOf(shape, request),
    pageSize: shape.pageSize(request.pageSize),
    token: shape.pageToken(request.pageToken),
  };
  shape.refuse();
  return query;
}

function filterOf(shape: Shape, request: ListEntriesRequest): EntryFilter {
  if (request.kinds.length > KINDS_MAX) shape.violate('kinds', `must be up to ${KINDS_MAX}`);
  const kinds = request.kinds.slice(0, KINDS_MAX);
  return {
    userId: shape.accountUserId('user_id', request.userId),
    asset: shape.asset('asset', request.asset),
    newestFirst: shape.enumValue('order', request.order, ORDERS) !== SortOrder.OLDEST_FIRST,
    startTime: shape.optionalTime('start_time', request.startTime),
    endTime: shape.optionalTime('end_time', request.endTime),
    kinds: kinds.map((kind, index) => entryKind(shape, `kinds[${index}]`, kind)),
  };
}

function entryKind(shape: Shape, field: string, kind: EntryKind): ledger.EntryKind {
  const known = KINDS.find((value) => value === (kind as number));
  if (known === undefined) shape.violate(field, 'is not a known kind');
  return known ?? ledger.EntryKind.CREDIT;
}

function pageFilter(filter: EntryFilter): PageFilter {
  const { userId, asset, newestFirst, startTime, endTime, kinds } = filter;
  return ['ListEntries', userId, asset, newestFirst, startTime, endTime, [...kinds].sort().join()];
}

/**
 * Where a page begins in each stripe. Newest first begins with what is there now, so that stripes which get their
 * first page later are not shifted by writers; oldest first takes stripes in that came up meanwhile.
 */
async function cursorsOf(
  connection: Connection,
  filter: EntryFilter,
  position: Buffer | null,
): Promise<StripeCursor[]> {
  const { userId, asset, newestFirst } = filter;
  const given = position === null ? [] : decodeCursors(position);
  if (!isSystemAccount(userId)) {
    return given.length > 0 ? given : [{ stripe: 0, sequence: newestFirst ? INT64_MAX : 0n }];
  }
  if (newestFirst) {
    if (given.length > 0) return given;
    const stripes = await listStripes(connection, userId, asset);
    return stripes.map(({ stripe, sequence }) => ({ stripe, sequence: sequence + 1n }));
  }
  const stripes = await listStripes(connection, userId, asset);
  return stripes.map(
    ({ stripe }) => given.find((cursor) => cursor.stripe === stripe) ?? { stripe, sequence: 0n },
  );
}

function advance(cursors: readonly StripeCursor[], page: readonly StoredEntry[]): StripeCursor[] {
  const last = new Map(page.map((entry) => [entry.stripe, entry.sequence]));
  return cursors.map(({ stripe, sequence }) => ({ stripe, sequence: last.get(stripe) ?? sequence }));
}

function encodeCursors(cursors: readonly StripeCursor[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const { stripe, sequence } of cursors) writer.uint32(stripe).uint64(sequence);
  return writer.finish();
}

function decodeCursors(position: Buffer): StripeCursor[] {
  const reader = new BinaryReader(position);
  const cursors: StripeCursor[] = [];
  while (reader.pos < reader.len)
    cursors.push({ stripe: reader.uint32(), sequence: BigInt(reader.uint64()) });
  return cursors;
}
