import {
  CatalogServiceService,
  GetItemRequest,
  ListItemsRequest,
  PutItemRequest,
} from '../../services/ledger/src/gen/ledger/v1/catalog_service';
import {
  CreditRequest,
  GetBalanceRequest,
  GetTransactionRequest,
  LedgerServiceService,
  ListEntriesRequest,
  PurchaseRequest,
} from '../../services/ledger/src/gen/ledger/v1/ledger_service';
import type { RawCall } from './raw-client';

/** The served rpcs with exactly the fields that are given: no client completes or repeats anything. */
export const exactCalls = {
  credit: callOf(LedgerServiceService.credit, CreditRequest),
  purchase: callOf(LedgerServiceService.purchase, PurchaseRequest),
  putItem: callOf(CatalogServiceService.putItem, PutItemRequest),
  getBalance: callOf(LedgerServiceService.getBalance, GetBalanceRequest),
  listEntries: callOf(LedgerServiceService.listEntries, ListEntriesRequest),
  getTransaction: callOf(LedgerServiceService.getTransaction, GetTransactionRequest),
  getItem: callOf(CatalogServiceService.getItem, GetItemRequest),
  listItems: callOf(CatalogServiceService.listItems, ListItemsRequest),
};

/** Who sends a write. */
export interface Sender {
  readonly userId: string;
  readonly requestId: string;
}

/** A purchase by price, whoever sends it. */
export function purchaseByPrice(
  asset: string,
  amount: bigint,
  destination = '',
): (sender: Sender) => RawCall {
  const subject = { $case: 'price' as const, value: { asset, amount, itemId: '' } };
  return (sender) => exactCalls.purchase({ ...sender, subject, destination });
}

/** A purchase of an item, whoever sends it. */
export function purchaseOfItem(
  itemId: string,
  quantity = 1n,
  priceVersion = 0n,
): (sender: Sender) => RawCall {
  const subject = { $case: 'item' as const, value: { itemId, quantity, priceVersion } };
  return (sender) => exactCalls.purchase({ ...sender, subject });
}

function callOf<Request>(
  definition: { readonly path: string; readonly requestSerialize: (request: Request) => Buffer },
  codec: { create(): Request },
): (request: Partial<Request>) => RawCall {
  return (request) => ({
    path: definition.path,
    bytes: definition.requestSerialize({ ...codec.create(), ...request }),
  });
}
