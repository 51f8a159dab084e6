import { factId } from '@ledger/kit/ledger/fact-id';
import { invalidField } from '@ledger/kit/rpc/request-check';
import type { Handlers } from '@ledger/kit/ledger/unary-service';
import type { DataSource } from 'typeorm';
import { weekdayOf } from './game-time';
import {
  OrderSort,
  type CauldronsServiceService,
  type Customer,
  type GameTime,
  type OrderLine,
  type SearchOrdersRequest,
} from '@ledger/proto/cauldrons/v1/cauldrons_service';

const PAGE_SIZE = 20;

/** The SQL sort keys. Lines with equal keys are ordered by cart and SKU. */
const SORT_KEYS: Readonly<Record<number, { readonly sql: string; readonly type: string }>> = {
  [OrderSort.UNSPECIFIED]: { sql: 'booked_micros', type: 'bigint' },
  [OrderSort.TIME]: { sql: 'booked_micros', type: 'bigint' },
  [OrderSort.CUSTOMER]: { sql: 'customer_name', type: 'text' },
  [OrderSort.SKU]: { sql: 'sku', type: 'text' },
  [OrderSort.TOTAL]: { sql: 'quantity * price', type: 'bigint' },
};

type OrderMethods = Pick<Handlers<typeof CauldronsServiceService>, 'searchOrders'>;

/** Searches sold lines. A page begins after the last line of the page before, not at an offset. */
export function orderMethods(database: DataSource): OrderMethods {
  return {
    async searchOrders(request) {
      const cursor = cursorOf(request);
      const backward = cursor?.direction === 'previous';
      const limit = request.pageSize === 0 ? PAGE_SIZE : request.pageSize;
      const found = await findLines(database, request, { cursor, limit: limit + 1 });
      const isMore = found.length > limit;
      const page = found.slice(0, limit);
      if (backward) page.reverse();
      const [first, last] = [page[0], page.at(-1)];
      const isBefore = backward ? isMore : cursor !== undefined;
      const isAfter = backward || isMore;
      return {
        lines: page.map(lineOf),
        previousPageToken: isBefore && first !== undefined ? tokenOf(request, 'previous', first) : '',
        nextPageToken: isAfter && last !== undefined ? tokenOf(request, 'next', last) : '',
      };
    },
  };
}

/** Where a page begins: after or before a line. */
interface Cursor {
  readonly direction: 'previous' | 'next';
  readonly sortKey: string;
  readonly cartId: string;
  readonly sku: string;
}

/** A row of the search result. */
interface LineRow extends Customer, GameTime {
  readonly sortKey: string;
  readonly cartId: string;
  readonly sku: string;
  readonly quantity: bigint;
  readonly price: bigint;
  readonly payment: string;
  readonly bookedMicros: bigint;
}

/** The lines after or before the cursor, nearest first. */
function findLines(
  database: DataSource,
  { shopId, customer, sku, sort, ascending }: SearchOrdersRequest,
  { cursor, limit }: { cursor: Cursor | undefined; limit: number },
): Promise<LineRow[]> {
  const { sql: key, type } = SORT_KEYS[sort] ?? { sql: 'booked_micros', type: 'bigint' };
  const up = ascending !== (cursor?.direction === 'previous');
  const order = up ? 'ASC' : 'DESC';
  const values: unknown[] = [shopId, customer, sku, limit];
  let from = '';
  if (cursor !== undefined) {
    values.push(cursor.sortKey, cursor.cartId, cursor.sku);
    from = `AND (${key}, cart_id, sku) ${up ? '>' : '<'} ($5::${type}, $6, $7)`;
  }
  return database.query<LineRow[]>(
    `SELECT (${key})::text AS "sortKey", cart_id AS "cartId", sku, quantity, price, payment, day, hour,
            booked_micros AS "bookedMicros", customer_id AS "customerId", customer_name AS name,
            character_class AS "characterClass", character_species AS "characterSpecies", level
       FROM carts JOIN cart_lines USING (shop_id, cart_id)
      WHERE shop_id = $1 AND transaction_id IS NOT NULL
        AND strpos(lower(customer_name), lower($2)) > 0 AND strpos(lower(sku), lower($3)) > 0 ${from}
      ORDER BY ${key} ${order}, cart_id ${order}, sku ${order} LIMIT $4`,
    values,
  );
}

function lineOf(row: LineRow): OrderLine {
  const { cartId, sku, quantity, price, payment, day, hour, bookedMicros } = row;
  const { customerId, name, characterClass, characterSpecies, level } = row;
  return {
    cartId,
    customer: { customerId, name, characterClass, characterSpecies, level },
    sku,
    quantity,
    price,
    total: quantity * price,
    payment,
    time: { day, hour },
    weekday: weekdayOf(day).weekday,
    createTime: { seconds: bookedMicros / 1_000_000n, nanos: Number(bookedMicros % 1_000_000n) * 1_000 },
  };
}

function tokenOf(
  request: SearchOrdersRequest,
  direction: Cursor['direction'],
  { sortKey, cartId, sku }: LineRow,
): string {
  const parts = [direction, sortKey, cartId, sku];
  return Buffer.from(JSON.stringify([...parts, sealOf(request, parts)])).toString('base64url');
}

/** @throws CallError INVALID_FIELD when the token does not come from this search */
function cursorOf(request: SearchOrdersRequest): Cursor | undefined {
  if (request.pageToken === '') return undefined;
  const [direction = '', sortKey = '', cartId = '', sku = '', seal] = readToken(request.pageToken);
  if (
    (direction !== 'previous' && direction !== 'next') ||
    seal !== sealOf(request, [direction, sortKey, cartId, sku])
  ) {
    throw invalidField('page_token', 'must come from another page of this search');
  }
  return { direction, sortKey, cartId, sku };
}

function readToken(token: string): string[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    return Array.isArray(parts) && parts.every((part) => typeof part === 'string') ? parts : [];
  } catch {
    return [];
  }
}

/** Binds a token to its search. This catches mistakes, not forgery, from which nobody would gain anything. */
function sealOf({ shopId, customer, sku, sort, ascending }: SearchOrdersRequest, parts: string[]): string {
  return factId('page', shopId, customer, sku, String(sort), String(ascending), ...parts);
}
