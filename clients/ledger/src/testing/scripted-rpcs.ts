import * as account from '@ledger/proto/ledger/v1/account_service';
import * as catalog from '@ledger/proto/ledger/v1/catalog_service';
import * as ledger from '@ledger/proto/ledger/v1/ledger_service';

/** The definitions of the ledger's services, by which a server registers them. */
export const services = [
  ledger.LedgerServiceService,
  catalog.CatalogServiceService,
  account.AccountServiceService,
] as const;

/** An rpc of the ledger, by the name of the client's method. */
export type RpcName = keyof Definitions;
/** The request of an rpc as the server receives it: fields that were left out have their default. */
export type RequestOf<Rpc extends RpcName> = ReturnType<Definitions[Rpc]['requestDeserialize']>;
/** The response of an rpc, or one message of its stream. */
export type ResponseOf<Rpc extends RpcName> = ReturnType<Definitions[Rpc]['responseDeserialize']>;

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

type Definitions = typeof ledger.LedgerServiceService &
  typeof catalog.CatalogServiceService &
  typeof account.AccountServiceService;

type Scalar = string | number | boolean | bigint | Uint8Array | ReadonlyMap<string, string> | undefined;
