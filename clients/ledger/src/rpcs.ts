import * as account from '@ledger/proto/ledger/v1/account_service';
import * as catalog from '@ledger/proto/ledger/v1/catalog_service';
import * as ledger from '@ledger/proto/ledger/v1/ledger_service';
import type * as requests from './requests';
import { list, read, stream, write } from './rpc-kinds';
import type { MethodName, RpcName } from './rpc-types';
import type { Transport } from './transport';

const { LedgerServiceService: ledgerService } = ledger;
const { CatalogServiceService: catalogService } = catalog;
const { AccountServiceService: accountService } = account;

/** Every rpc that is a method, once. The compiler asks for the line of a new one. */
const rpcs = {
  credit: write<requests.CreditRequest>()(ledgerService.credit, ledger.CreditRequest),
  purchase: write<requests.PurchaseRequest>()(ledgerService.purchase, ledger.PurchaseRequest),
  transfer: write<requests.TransferRequest>()(ledgerService.transfer, ledger.TransferRequest),
  postTransaction: write<requests.PostTransactionRequest>()(
    ledgerService.postTransaction,
    ledger.PostTransactionRequest,
  ),
  reverseTransaction: write<requests.ReverseTransactionRequest>()(
    ledgerService.reverseTransaction,
    ledger.ReverseTransactionRequest,
  ),
  placeHold: write<requests.PlaceHoldRequest>()(ledgerService.placeHold, ledger.PlaceHoldRequest),
  captureHold: write<requests.CaptureHoldRequest>()(ledgerService.captureHold, ledger.CaptureHoldRequest),
  releaseHold: write<requests.ReleaseHoldRequest>()(ledgerService.releaseHold, ledger.ReleaseHoldRequest),
  batchWrite: write<requests.BatchWriteRequest>()(
    ledgerService.batchWrite,
    ledger.BatchWriteRequest,
    nameWrites,
  ),
  getBalance: read<requests.GetBalanceRequest>()(ledgerService.getBalance, ledger.GetBalanceRequest),
  batchGetBalances: read<requests.BatchGetBalancesRequest>()(
    ledgerService.batchGetBalances,
    ledger.BatchGetBalancesRequest,
  ),
  listBalances: list<requests.ListBalancesRequest>()(
    ledgerService.listBalances,
    ledger.ListBalancesRequest,
    (page) => page.balances,
  ),
  listEntries: list<requests.ListEntriesRequest>()(
    ledgerService.listEntries,
    ledger.ListEntriesRequest,
    (page) => page.entries,
  ),
  getTransaction: read<requests.GetTransactionRequest>()(
    ledgerService.getTransaction,
    ledger.GetTransactionRequest,
  ),
  listTransactions: list<requests.ListTransactionsRequest>()(
    ledgerService.listTransactions,
    ledger.ListTransactionsRequest,
    (page) => page.transactions,
  ),
  getRequest: read<requests.GetRequestRequest>()(ledgerService.getRequest, ledger.GetRequestRequest),
  getHold: read<requests.GetHoldRequest>()(ledgerService.getHold, ledger.GetHoldRequest),
  listHolds: list<requests.ListHoldsRequest>()(
    ledgerService.listHolds,
    ledger.ListHoldsRequest,
    (page) => page.holds,
  ),
  watchEntries: stream<requests.WatchEntriesRequest>()(
    ledgerService.watchEntries,
    ledger.WatchEntriesRequest,
    (request, { resumeToken }) => ({ ...request, resumeToken, fromStart: false }),
  ),
  verifyLedger: stream<requests.VerifyLedgerRequest>()(
    ledgerService.verifyLedger,
    ledger.VerifyLedgerRequest,
  ),

  putItem: write<requests.PutItemRequest>()(catalogService.putItem, catalog.PutItemRequest),
  getItem: read<requests.GetItemRequest>()(catalogService.getItem, catalog.GetItemRequest),
  listItems: list<requests.ListItemsRequest>()(
    catalogService.listItems,
    catalog.ListItemsRequest,
    (page) => page.items,
  ),
  listItemVersions: list<requests.ListItemVersionsRequest>()(
    catalogService.listItemVersions,
    catalog.ListItemVersionsRequest,
    (page) => page.items,
  ),

  getAccount: read<requests.GetAccountRequest>()(accountService.getAccount, account.GetAccountRequest),
  listAccounts: list<requests.ListAccountsRequest>()(
    accountService.listAccounts,
    account.ListAccountsRequest,
    (page) => page.accounts,
  ),
  updateAccount: write<requests.UpdateAccountRequest>()(
    accountService.updateAccount,
    account.UpdateAccountRequest,
  ),
} satisfies { [Name in MethodName]: (transport: Transport, method: string) => unknown };

/** A method per rpc, each with the comment that the contract gives it. */
export interface RpcMethods
  extends
    Omit<MethodsOf<typeof ledger.LedgerServiceService>, Exclude<RpcName, MethodName>>,
    MethodsOf<typeof catalog.CatalogServiceService>,
    MethodsOf<typeof account.AccountServiceService> {}

// Mapped over the generated services, not over the table: an editor takes the comments from what is mapped.
type MethodsOf<Service> = {
  readonly [Name in keyof Service]: Name extends keyof typeof rpcs ? ReturnType<(typeof rpcs)[Name]> : never;
};

class BoundRpcs {
  constructor(transport: Transport) {
    Object.assign(
      this,
      Object.fromEntries(Object.entries(rpcs).map(([name, bind]) => [name, bind(transport, name)])),
    );
  }
}

/** The base of the client. The cast is safe: the table above has exactly these names and types. */
export const RpcClient = BoundRpcs as unknown as new (transport: Transport) => RpcMethods;

function nameWrites(batch: ledger.BatchWriteRequest, generateRequestId: () => string): void {
  for (const { write: single } of batch.writes) {
    if (single?.value.requestId === '') single.value.requestId = generateRequestId();
  }
}
