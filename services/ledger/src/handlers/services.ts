import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { AccountServiceService } from '@ledger/proto/ledger/v1/account_service';
import { CatalogServiceService } from '@ledger/proto/ledger/v1/catalog_service';
import { LedgerServiceService } from '@ledger/proto/ledger/v1/ledger_service';
import type { GroupCommit } from '../engine/group-commit';
import type { BalanceReader } from '../store/balance-reader';
import type { ChangeSignal } from '../store/change-signal';
import type { Store } from '../store/store';
import type { CallLog } from '../rpc/call-log';
import { getAccount, listAccounts } from './accounts';
import { batchGetBalances, getBalance, listBalances } from './balances';
import { batchWrite } from './batch-write';
import { getItem, listItems, listItemVersions } from './catalog';
import { getRequest } from './requests';
import { getHold, listHolds } from './holds';
import { listEntries } from './entries';
import type { PageTokens } from '../mapping/page-token';
import { serverStreamHandler, type ServerStreamMethod } from '../rpc/server-stream';
import { unaryHandler, type UnaryMethod } from '../rpc/unary';
import { getTransaction, listTransactions } from './transactions';
import { verifyLedger } from './verify-ledger';
import { watchEntries } from './watch-entries';
import { writeHandler, writeMethods, type WriteMethod } from './writes';

/** What the rpcs work with. */
export interface ServiceParts {
  readonly commit: GroupCommit;
  readonly store: Store;
  readonly balances: BalanceReader;
  readonly tokens: PageTokens;
  readonly log: CallLog;
  /** Once the answers of a BatchWrite have this size it starts no more writes. */
  readonly batchAnswerMaxBytes: number;
  readonly changes: ChangeSignal;
  /** The longest silence of a stream of entries. */
  readonly heartbeatMs: number;
  /** Aborted when the server stops: streams then end. */
  readonly stopping: AbortSignal;
}

/** A service as grpc-js registers it. */
export interface ServedService {
  /** Its full name: `ledger.v1.LedgerService`. */
  readonly name: string;
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

/** Every service of the contract. What has no handler here answers UNIMPLEMENTED. */
export function servedServices(parts: ServiceParts): ServedService[] {
  return [ledgerService(parts), catalogService(parts), accountService(parts)];
}

function ledgerService(parts: ServiceParts): ServedService {
  const { commit, store, balances, tokens, batchAnswerMaxBytes } = parts;
  const { read, write, stream } = handlers(parts);
  return {
    name: 'ledger.v1.LedgerService',
    definition: bytesIn(LedgerServiceService),
    implementation: {
      credit: write(writeMethods.credit),
      purchase: write(writeMethods.purchase),
      transfer: write(writeMethods.transfer),
      postTransaction: write(writeMethods.postTransaction),
      reverseTransaction: write(writeMethods.reverseTransaction),
      placeHold: write(writeMethods.placeHold),
      captureHold: write(writeMethods.captureHold),
      releaseHold: write(writeMethods.releaseHold),
      batchWrite: read(batchWrite(commit, batchAnswerMaxBytes)),
      getBalance: read(getBalance(store, balances)),
      batchGetBalances: read(batchGetBalances(store)),
      listBalances: read(listBalances(store, tokens)),
      listEntries: read(listEntries(store, tokens)),
      getTransaction: read(getTransaction(store)),
      listTransactions: read(listTransactions(store, tokens)),
      getRequest: read(getRequest(store)),
      getHold: read(getHold(store)),
      listHolds: read(listHolds(store, tokens)),
      watchEntries: stream(watchEntries(parts)),
      verifyLedger: stream(verifyLedger(store)),
    },
  };
}

function catalogService(parts: ServiceParts): ServedService {
  const { store, tokens } = parts;
  const { read, write } = handlers(parts);
  return {
    name: 'ledger.v1.CatalogService',
    definition: bytesIn(CatalogServiceService),
    implementation: {
      putItem: write(writeMethods.putItem),
      getItem: read(getItem(store)),
      listItems: read(listItems(store, tokens)),
      listItemVersions: read(listItemVersions(store, tokens)),
    },
  };
}

function accountService(parts: ServiceParts): ServedService {
  const { store, tokens } = parts;
  const { read, write } = handlers(parts);
  return {
    name: 'ledger.v1.AccountService',
    definition: bytesIn(AccountServiceService),
    implementation: {
      getAccount: read(getAccount(store)),
      listAccounts: read(listAccounts(store, tokens)),
      updateAccount: write(writeMethods.updateAccount),
    },
  };
}

interface Handlers {
  readonly read: <Request>(method: UnaryMethod<Request>) => Handler;
  readonly write: <Request>(method: WriteMethod<Request>) => Handler;
  readonly stream: <Request>(method: ServerStreamMethod<Request>) => StreamHandler;
}

type Handler = ReturnType<typeof unaryHandler>;
type StreamHandler = ReturnType<typeof serverStreamHandler>;

function handlers({ commit, log, stopping }: ServiceParts): Handlers {
  return {
    read: (method) => unaryHandler(method, log),
    write: (method) => unaryHandler(writeHandler(commit, method), log),
    stream: (method) => serverStreamHandler(method, log, stopping),
  };
}

/**
 * The same service with bytes in place of messages: a request that is no message then gets a typed error of ours,
 * and a stored response goes out exactly as it is stored.
 */
function bytesIn(definition: ServiceDefinition): ServiceDefinition {
  const same = (bytes: Buffer): Buffer => bytes;
  return Object.fromEntries(
    Object.entries(definition).map(([name, method]) => [
      name,
      {
        ...method,
        requestSerialize: same,
        requestDeserialize: same,
        responseSerialize: same,
        responseDeserialize: same,
      },
    ]),
  );
}
