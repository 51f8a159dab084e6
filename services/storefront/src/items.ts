import type { Item as LedgerItem } from '@ledger/client';
import type { Item } from '@ledger/proto/storefront/v1/storefront_service';

/** The asset of the shop: US dollars, counted in cents. */
export const USD = 'USD/2';

/** The prefix of the shop's items in the ledger's catalog, which other systems share. */
export const ITEMS = 'storefront/';

/** The item id in the shop, without the prefix. */
export function shopItemId(ledgerItemId: string): string {
  return ledgerItemId.slice(ITEMS.length);
}

/** An item of the ledger as the shop shows it. */
export function itemOf({ itemId, name, price, version, active }: LedgerItem): Item {
  return { itemId: shopItemId(itemId), name, priceCents: price, version, onSale: active };
}
