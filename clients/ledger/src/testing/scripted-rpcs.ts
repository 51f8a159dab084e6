import * as account from '@ledger/proto/ledger/v1/account_service';
import * as catalog from '@ledger/proto/ledger/v1/catalog_service';
import * as ledger from '@ledger/proto/ledger/v1/ledger_service';
import type { ResponseOf, RpcName } from '../rpc-types';

/** The definitions of the ledger's services, by which a server registers them. */
export const services = [
  ledger.LedgerServiceService,
  catalog.CatalogServiceService,
  account.AccountServiceService,
] as const;

/** A message of which any field may be left out, at any depth. */
export type PartialMessage<T> = T extends Scalar
  ? T
  : T extends readonly (infer Element)[]
    ? readonly PartialMessage<Element>[]
    : T extends { readonly $case: infer Case; readonly value: infer Value }
      ? { readonly $case: Case; readonly value: PartialMessage<Value> }
      : { readonly [Field in keyof T]?: PartialMessage<T[Field]> | undefined };

/** Completes the response of each rpc. The compiler asks for the line of a new rpc. */
export const responses: { readonly [Rpc in RpcName]: { fromPartial(message: object): ResponseOf<Rpc> } } = {
  credit: ledger.CreditResponse,
  purchase: ledger.PurchaseResponse,
  transfer: ledger.TransferResponse,
  postTransaction: ledger.PostTransactionResponse,
  reverseTransaction: ledger.ReverseTransactionResponse,
  placeHold: ledger.PlaceHoldResponse,
  captureHold: ledger.CaptureHoldResponse,
  releaseHold: ledger.ReleaseHoldResponse,
  batchWrite: ledger.BatchWriteResponse,
  writeStream: ledger.WriteStreamResponse,
  getBalance: ledger.GetBalanceResponse,
  batchGetBalances: ledger.BatchGetBalancesResponse,
  listBalances: ledger.ListBalancesResponse,
  listEntries: ledger.ListEntriesResponse,
  getTransaction: ledger.GetTransactionResponse,
  listTransactions: ledger.ListTransactionsResponse,
  getRequest: ledger.GetRequestResponse,
  getHold: ledger.GetHoldResponse,
  listHolds: ledger.ListHoldsResponse,
  watchEntries: ledger.WatchEntriesResponse,
  verifyLedger: ledger.VerifyLedgerResponse,

  putItem: catalog.PutItemResponse,
  getItem: catalog.GetItemResponse,
  listItems: catalog.ListItemsResponse,
  listItemVersions: catalog.ListItemVersionsResponse,

  getAccount: account.GetAccountResponse,
  listAccounts: account.ListAccountsResponse,
  updateAccount: account.UpdateAccountResponse,
};

type Scalar = string | number | boolean | bigint | Uint8Array | ReadonlyMap<string, string> | undefined;
