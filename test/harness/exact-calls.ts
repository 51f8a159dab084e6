import {
  AccountServiceService,
  GetAccountRequest,
  ListAccountsRequest,
  UpdateAccountRequest,
} from '@ledger/proto/ledger/v1/account_service';
import {
  CatalogServiceService,
  GetItemRequest,
  ListItemsRequest,
  ListItemVersionsRequest,
  PutItemRequest,
} from '@ledger/proto/ledger/v1/catalog_service';
import {
  BatchGetBalancesRequest,
  BatchWriteRequest,
  CaptureHoldRequest,
  CreditRequest,
  GetBalanceRequest,
  GetHoldRequest,
  GetRequestRequest,
  GetTransactionRequest,
  LedgerServiceService,
  ListBalancesRequest,
  ListEntriesRequest,
  ListHoldsRequest,
  ListTransactionsRequest,
  PlaceHoldRequest,
  PostTransactionRequest,
  PurchaseRequest,
  ReleaseHoldRequest,
  ReverseTransactionRequest,
  TransferRequest,
} from '@ledger/proto/ledger/v1/ledger_service';
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
  transfer: callOf(LedgerServiceService.transfer, TransferRequest),
  postTransaction: callOf(LedgerServiceService.postTransaction, PostTransactionRequest),
  reverseTransaction: callOf(LedgerServiceService.reverseTransaction, ReverseTransactionRequest),
  placeHold: callOf(LedgerServiceService.placeHold, PlaceHoldRequest),
  captureHold: callOf(LedgerServiceService.captureHold, CaptureHoldRequest),
  releaseHold: callOf(LedgerServiceService.releaseHold, ReleaseHoldRequest),
  batchWrite: callOf(LedgerServiceService.batchWrite, BatchWriteRequest),
  batchGetBalances: callOf(LedgerServiceService.batchGetBalances, BatchGetBalancesRequest),
  listBalances: callOf(LedgerServiceService.listBalances, ListBalancesRequest),
  listTransactions: callOf(LedgerServiceService.listTransactions, ListTransactionsRequest),
  getRequest: callOf(LedgerServiceService.getRequest, GetRequestRequest),
  getHold: callOf(LedgerServiceService.getHold, GetHoldRequest),
  listHolds: callOf(LedgerServiceService.listHolds, ListHoldsRequest),
  listItemVersions: callOf(CatalogServiceService.listItemVersions, ListItemVersionsRequest),
  getAccount: callOf(AccountServiceService.getAccount, GetAccountRequest),
  listAccounts: callOf(AccountServiceService.listAccounts, ListAccountsRequest),
  updateAccount: callOf(AccountServiceService.updateAccount, UpdateAccountRequest),
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
