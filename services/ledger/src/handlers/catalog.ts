import { CallError } from '@ledger/kit/rpc/call-error';
import {
  GetItemRequest,
  GetItemResponse,
  ListItemsRequest,
  ListItemsResponse,
  ListItemVersionsRequest,
  ListItemVersionsResponse,
} from '@ledger/proto/ledger/v1/catalog_service';
import { findItems } from '../store/statements/find-items';
import { INT64_MAX } from '../ledger/money';
import {
  listItems as selectItems,
  listItemVersions as selectItemVersions,
} from '../store/statements/list-items';
import type { Store } from '../store/store';
import { bytesOf, itemMessage } from '../mapping/messages';
import { pageOf, type PageFilter, type PageTokens } from '../mapping/page-token';
import { RequestValidator } from '../mapping/validator';
import type { Reason } from '../mapping/status';
import type { UnaryMethod } from '@ledger/kit/rpc/unary';

/** GetItem: one version of an item, by default the current one. */
export function getItem(store: Store): UnaryMethod<GetItemRequest> {
  return {
    path: 'ledger.v1.CatalogService/GetItem',
    decode: (bytes) => GetItemRequest.decode(bytes),
    handle: async (request, { deadline }) => {
      const { itemId, version } = itemQuery(request);
      const found = await store.read((connection) => findItems(connection, [{ itemId, version }]), deadline);
      const item = version === 0n ? found[0] : found.find((candidate) => candidate.version === version);
      if (item === undefined) throw itemNotFound(itemId, version);
      return bytesOf(GetItemResponse.encode({ item: itemMessage(item) }));
    },
  };
}

/** ListItems: the current version of every item, by id. */
export function listItems(store: Store, tokens: PageTokens): UnaryMethod<ListItemsRequest> {
  return {
    path: 'ledger.v1.CatalogService/ListItems',
    decode: (bytes) => ListItemsRequest.decode(bytes),
    handle: async (request, { deadline }) => {
      const { includeInactive, pageSize, token } = itemsQuery(request);
      const filter: PageFilter = ['ListItems', includeInactive];
      const after = tokens.open(filter, token)?.toString() ?? '';
      const found = await store.reader('list')(
        (connection) => selectItems(connection, after, includeInactive, pageSize + 1),
        deadline,
      );
      const { rows, last } = pageOf(found, pageSize);
      const nextPageToken = last === undefined ? '' : tokens.seal(filter, Buffer.from(last.itemId));
      return bytesOf(ListItemsResponse.encode({ items: rows.map(itemMessage), nextPageToken }));
    },
  };
}

/** ListItemVersions: an item's history, newest first. */
export function listItemVersions(store: Store, tokens: PageTokens): UnaryMethod<ListItemVersionsRequest> {
  return {
    path: 'ledger.v1.CatalogService/ListItemVersions',
    decode: (bytes) => ListItemVersionsRequest.decode(bytes),
    handle: async (request, { deadline }) => {
      const { itemId, pageSize, token } = itemVersionsQuery(request);
      const filter: PageFilter = ['ListItemVersions', itemId];
      const position = tokens.open(filter, token);
      const before = position === null ? INT64_MAX : BigInt(position.toString());
      const found = await store.reader('list')(
        (connection) => selectItemVersions(connection, itemId, before, pageSize + 1),
        deadline,
      );
      const { rows, last } = pageOf(found, pageSize);
      const nextPageToken =
        last === undefined ? '' : tokens.seal(filter, Buffer.from(last.version.toString()));
      return bytesOf(ListItemVersionsResponse.encode({ items: rows.map(itemMessage), nextPageToken }));
    },
  };
}

/** Which version of which item. Throws INVALID_FIELD that names every invalid field. */
export function itemQuery(request: GetItemRequest): { itemId: string; version: bigint } {
  const validator = new RequestValidator();
  const itemId = validator.itemId('item_id', request.itemId);
  const version = validator.notNegative('version', request.version);
  validator.throwIfInvalid();
  return { itemId, version };
}

/** Which page of the catalog. Throws INVALID_FIELD that names every invalid field. A forged page token is found later. */
export function itemsQuery({ includeInactive, ...request }: ListItemsRequest): {
  includeInactive: boolean;
  pageSize: number;
  token: string;
} {
  const validator = new RequestValidator();
  const pageSize = validator.pageSize(request.pageSize);
  const token = validator.pageToken(request.pageToken);
  validator.throwIfInvalid();
  return { includeInactive, pageSize, token };
}

/** Which item's versions. Throws INVALID_FIELD that names every invalid field. A forged page token is found later. */
export function itemVersionsQuery(request: ListItemVersionsRequest): {
  itemId: string;
  pageSize: number;
  token: string;
} {
  const validator = new RequestValidator();
  const itemId = validator.itemId('item_id', request.itemId);
  const pageSize = validator.pageSize(request.pageSize);
  const token = validator.pageToken(request.pageToken);
  validator.throwIfInvalid();
  return { itemId, pageSize, token };
}

function itemNotFound(itemId: string, version: bigint): CallError<Reason> {
  if (version === 0n) {
    return new CallError('ITEM_NOT_FOUND', `no item ${itemId}`, { metadata: { item_id: itemId } });
  }
  const metadata = { item_id: itemId, version: version.toString() };
  return new CallError('ITEM_NOT_FOUND', `no version ${version} of item ${itemId}`, { metadata });
}
