import type { LedgerClient } from '@ledger/client';
import { readHistory } from '@ledger/kit/ledger/history';
import { translated } from '@ledger/kit/ledger/service-errors';
import type { Handlers } from '@ledger/kit/ledger/unary-service';
import { actingUser, idempotencyKey } from './caller';
import { badToken, forItem, forKey } from './errors';
import type {
  StockServiceService,
  StorefrontServiceService,
} from '@ledger/proto/storefront/v1/storefront_service';
import { itemOf, ITEMS, USD } from './items';
import { movementOf, movementOfTransaction } from './movement';

const PAGE_SIZE = 20;
/** Larger, because a page also contains items of other systems, which are filtered out. */
const ITEMS_PAGE_SIZE = 100;

/** The methods for users. The shop stores nothing itself: the ledger stores and decides everything. */
export function storefront(ledger: LedgerClient): Handlers<typeof StorefrontServiceService> {
  return {
    async credit({ userId, amountCents, idempotencyKey: key }, call) {
      const request = {
        userId: actingUser(call, userId),
        requestId: idempotencyKey(call, key),
        asset: USD,
        amount: amountCents,
      };
      try {
        const { transaction } = await ledger.credit(request, call.ledgerOptions());
        return { movement: movementOfTransaction(transaction) };
      } catch (error) {
        throw translated(error, forKey);
      }
    },

    async purchase({ userId, itemId, version, idempotencyKey: key }, call) {
      const item = { itemId: ITEMS + itemId, quantity: 1n, priceVersion: version };
      const request = {
        userId: actingUser(call, userId),
        requestId: idempotencyKey(call, key),
        subject: { $case: 'item', value: item },
      } as const;
      try {
        const { transaction } = await ledger.purchase(request, call.ledgerOptions());
        return { movement: movementOfTransaction(transaction) };
      } catch (error) {
        throw translated(error, forItem(itemId));
      }
    },

    async getBalance({ userId }, call) {
      const account = { userId: actingUser(call, userId), asset: USD };
      const { balance } = await ledger.getBalance(account, call.ledgerOptions());
      return { balanceCents: balance.balance };
    },

    async listHistory({ userId, pageSize, pageToken }, call) {
      const account = { userId: actingUser(call, userId), asset: USD };
      const query = { ...account, pageSize: pageSize === 0 ? PAGE_SIZE : pageSize, pageToken };
      const { movements, nextPageToken } = await readHistory(ledger, query, call.ledgerOptions());
      return {
        movements: movements.map(({ entry, transaction }) => movementOf(entry, transaction)),
        nextPageToken,
      };
    },

    async listItems({ pageSize, pageToken }, call) {
      const page = { pageSize: pageSize === 0 ? ITEMS_PAGE_SIZE : pageSize, pageToken };
      try {
        const { items, nextPageToken } = await ledger.listItems(page, call.ledgerOptions());
        const ours = items.filter(({ itemId }) => itemId.startsWith(ITEMS));
        return { items: ours.map(itemOf), nextPageToken };
      } catch (error) {
        throw translated(error, badToken);
      }
    },
  };
}

/** The methods for staff. */
export function stock(ledger: LedgerClient): Handlers<typeof StockServiceService> {
  return {
    async putItem({ itemId, name, priceCents, onSale, expectedVersion, idempotencyKey: key }, call) {
      const request = {
        requestId: idempotencyKey(call, key),
        itemId: ITEMS + itemId,
        name,
        asset: USD,
        price: priceCents,
        active: onSale,
        expectedVersion,
      };
      try {
        const { item } = await ledger.putItem(request, call.ledgerOptions());
        return { item: itemOf(item) };
      } catch (error) {
        throw translated(error, forItem(itemId));
      }
    },
  };
}
