import * as account from '@ledger/proto/ledger/v1/account_service';
import * as catalog from '@ledger/proto/ledger/v1/catalog_service';
import * as ledger from '@ledger/proto/ledger/v1/ledger_service';
import { withMetadataMaps, type Pairs } from '../../clients/ledger/src/pairs';
import type { RawCall } from './raw-client';

/** Any of the fields of a message, at every depth; pairs may be a plain object. */
export type Fields<T> = T extends string | number | bigint | boolean | Uint8Array | undefined
  ? T
  : T extends ReadonlyMap<string, string>
    ? Pairs
    : T extends readonly (infer Element)[]
      ? readonly Fields<Element>[]
      : T extends { readonly $case: infer Name; readonly value: infer Value }
        ? { readonly $case: Name; readonly value: Fields<Value> }
        : { readonly [Key in keyof T]?: Fields<T[Key]> | undefined };

const { LedgerServiceService: service } = ledger;
const { CatalogServiceService: catalogService } = catalog;
const { AccountServiceService: accountService } = account;

/**
 * Every rpc of the ledger, as a call with exactly the fields that are given. Unlike the client, nothing makes a request
 * id or sends anything again. A stream can be sent only to be refused: an error alone is the same as of a unary rpc.
 */
export const rawCalls = {
  credit: callOf(service.credit, ledger.CreditRequest),
  purchase: callOf(service.purchase, ledger.PurchaseRequest),
  transfer: callOf(service.transfer, ledger.TransferRequest),
  postTransaction: callOf(service.postTransaction, ledger.PostTransactionRequest),
  reverseTransaction: callOf(service.reverseTransaction, ledger.ReverseTransactionRequest),
  placeHold: callOf(service.placeHold, ledger.PlaceHoldRequest),
  captureHold: callOf(service.captureHold, ledger.CaptureHoldRequest),
  releaseHold: callOf(service.releaseHold, ledger.ReleaseHoldRequest),
  batchWrite: callOf(service.batchWrite, ledger.BatchWriteRequest),
  putItem: callOf(catalogService.putItem, catalog.PutItemRequest),
  updateAccount: callOf(accountService.updateAccount, account.UpdateAccountRequest),
  getBalance: callOf(service.getBalance, ledger.GetBalanceRequest),
  batchGetBalances: callOf(service.batchGetBalances, ledger.BatchGetBalancesRequest),
  listBalances: callOf(service.listBalances, ledger.ListBalancesRequest),
  listEntries: callOf(service.listEntries, ledger.ListEntriesRequest),
  getTransaction: callOf(service.getTransaction, ledger.GetTransactionRequest),
  listTransactions: callOf(service.listTransactions, ledger.ListTransactionsRequest),
  getRequest: callOf(service.getRequest, ledger.GetRequestRequest),
  getHold: callOf(service.getHold, ledger.GetHoldRequest),
  listHolds: callOf(service.listHolds, ledger.ListHoldsRequest),
  getItem: callOf(catalogService.getItem, catalog.GetItemRequest),
  listItems: callOf(catalogService.listItems, catalog.ListItemsRequest),
  listItemVersions: callOf(catalogService.listItemVersions, catalog.ListItemVersionsRequest),
  getAccount: callOf(accountService.getAccount, account.GetAccountRequest),
  listAccounts: callOf(accountService.listAccounts, account.ListAccountsRequest),
  watchEntries: callOf(service.watchEntries, ledger.WatchEntriesRequest),
  verifyLedger: callOf(service.verifyLedger, ledger.VerifyLedgerRequest),
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
  const subject = { $case: 'price' as const, value: { asset, amount } };
  return (sender) => rawCalls.purchase({ ...sender, subject, destination });
}

/** A purchase of an item, whoever sends it. */
export function purchaseOfItem(
  itemId: string,
  quantity = 1n,
  priceVersion = 0n,
): (sender: Sender) => RawCall {
  const subject = { $case: 'item' as const, value: { itemId, quantity, priceVersion } };
  return (sender) => rawCalls.purchase({ ...sender, subject });
}

function callOf<Request>(
  definition: { readonly path: string; readonly requestSerialize: (request: Request) => Buffer },
  codec: { fromPartial(fields: object): Request },
): (fields: Fields<Request> & object) => RawCall {
  return (fields) => ({
    path: definition.path,
    bytes: definition.requestSerialize(codec.fromPartial(withMetadataMaps(fields))),
  });
}
