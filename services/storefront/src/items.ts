import type { Item as LedgerItem } from '@ledger/client';
import type { Item } from '@ledger/proto/storefront/v1/storefront_service';

/** Cents. */
export const USD = 'USD/2';

/** The ledger's catalog is shared with other systems; this is the shop's part of it. */
export const ITEMS = 'storefront/';

/** The shop's name for an item of the ledger. */
export function shopItemId(ledgerItemId: string): string {
  return ledgerItemId.slice(ITEMS.length);
}

/** An item of the ledger as the shop shows it. */
export function itemOf({ itemId, name, price, version, active }: LedgerItem): Item {
  return { itemId: shopItemId(itemId), name, priceCents: price, version, onSale: active };
}
