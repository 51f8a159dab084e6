import { bidiStreamHandler } from '@ledger/kit/rpc/bidi-stream';
import type { CallLog } from '@ledger/kit/rpc/call-log';
import { serveBytes, type ServedService } from '@ledger/kit/rpc/served-service';
import {
  serverStreamHandler,
  type ServerStreamMethod,
  type StreamSettings,
} from '@ledger/kit/rpc/server-stream';
import { unaryHandler, type UnaryMethod } from '@ledger/kit/rpc/unary';
import { AccountServiceService } from '@ledger/proto/ledger/v1/account_service';
import { CatalogServiceService } from '@ledger/proto/ledger/v1/catalog_service';
import { LedgerServiceService } from '@ledger/proto/ledger/v1/ledger_service';
import type { GroupCommit } from '../engine/group-commit';
import type { BalanceReader } from '../store/balance-reader';
import type { SettledHorizon } from '../store/settled-horizon';
import type { Placement } from '../ledger/placement';
import type { Store } from '../store/store';
import type { WatchedCell } from '../store/watched-cell';
import { getAccount, listAccounts } from './accounts';
import { batchGetBalances, getBalance, listBalances } from './balances';
import { batchWrite, type BatchLimits } from './batch-write';
import { getItem, listItems, listItemVersions } from './catalog';
import { getRequest } from './requests';
import { getHold, listHolds } from './holds';
import { listEntries } from './entries';
import { ledgerErrors } from '../mapping/ledger-errors';
import type { PageTokens } from '../mapping/page-token';
import { perCaller } from './per-caller';
import type { Reason } from '../mapping/status';
import { getTransaction, listTransactions } from './transactions';
import { verifyLedger } from './verify-ledger';
import { watchEntries } from './watch-entries';
import { writeStream } from './write-stream';
import { writeMethods } from './writes';

/** What the handlers need. */
export interface ServiceParts {
  readonly commit: GroupCommit;
  readonly store: Store;
  readonly balances: BalanceReader;
  readonly horizon: SettledHorizon;
  readonly tokens: PageTokens;
  readonly log: CallLog;
  readonly batchLimits: BatchLimits;
  /** The most items of a WriteStream that may be out. */
  readonly streamWindow: number;
  /** Verifications that run at the same time. */
  readonly verificationsMax: number;
  /** Streams of entries of one caller. */
  readonly watchesPerCallerMax: number;
  readonly placement: Placement;
  readonly watchedCells: readonly WatchedCell[];
  /** The longest time without a message on a stream of entries. */
  readonly heartbeatMs: number;
  /** Aborted when the server stops; streams then end. */
  readonly stopping: AbortSignal;
}

/** Every service of the contract. An rpc without a handler answers UNIMPLEMENTED. */
export function servedServices(parts: ServiceParts): ServedService[] {
  return [ledgerService(parts), catalogService(parts), accountService(parts)];
}

function ledgerService(parts: ServiceParts): ServedService {
  const { commit, store, balances, horizon, tokens, batchLimits } = parts;
  const { read, writesOf, stream, settings } = handlers(parts);
  return serveBytes(LedgerServiceService, {
    ...writesOf('ledger.v1.LedgerService'),
    batchWrite: read(batchWrite(commit, store, batchLimits)),
    writeStream: bidiStreamHandler(writeStream(parts), settings),
    getBalance: read(getBalance(store, balances, horizon)),
    batchGetBalances: read(batchGetBalances(store, horizon)),
    listBalances: read(listBalances(store, tokens, horizon)),
    listEntries: read(listEntries(store, tokens, horizon)),
    getTransaction: read(getTransaction(store)),
    listTransactions: read(listTransactions(store, tokens, horizon)),
    getRequest: read(getRequest(store)),
    getHold: read(getHold(store)),
    listHolds: read(listHolds(store, tokens)),
    watchEntries: stream(perCaller(watchEntries(parts), parts.watchesPerCallerMax, 'streams of entries')),
    verifyLedger: stream(perCaller(verifyLedger(store, parts.verificationsMax), 1, 'verifications')),
  });
}

function catalogService(parts: ServiceParts): ServedService {
  const { store, tokens } = parts;
  const { read, writesOf } = handlers(parts);
  return serveBytes(CatalogServiceService, {
    ...writesOf('ledger.v1.CatalogService'),
    getItem: read(getItem(store)),
    listItems: read(listItems(store, tokens)),
    listItemVersions: read(listItemVersions(store, tokens)),
  });
}

function accountService(parts: ServiceParts): ServedService {
  const { store, tokens } = parts;
  const { read, writesOf } = handlers(parts);
  return serveBytes(AccountServiceService, {
    getAccount: read(getAccount(store)),
    listAccounts: read(listAccounts(store, tokens)),
    ...writesOf('ledger.v1.AccountService'),
  });
}

interface Handlers {
  readonly read: <Request>(method: UnaryMethod<Request>) => Handler;
  /** The writes of a service, by the names of their rpcs. */
  readonly writesOf: (service: string) => Readonly<Record<string, Handler>>;
  readonly stream: <Request>(method: ServerStreamMethod<Request>) => StreamHandler;
  readonly settings: StreamSettings<Reason>;
}

type Handler = ReturnType<typeof unaryHandler>;
type StreamHandler = ReturnType<typeof serverStreamHandler>;

function handlers({ commit, log, stopping }: ServiceParts): Handlers {
  const settings = { log, errors: ledgerErrors, stopping };
  return {
    settings,
    read: (method) => unaryHandler(method, settings),
    writesOf: (service) =>
      Object.fromEntries(
        writeMethods(commit)
          .filter(({ path }) => path.startsWith(`${service}/`))
          .map((method) => [
            camelCase(method.path.slice(service.length + 1)),
            unaryHandler(method, settings),
          ]),
      ),
    stream: (method) => serverStreamHandler(method, settings),
  };
}

/** The name of an rpc as the generated service definitions have it. */
function camelCase(rpc: string): string {
  return rpc.charAt(0).toLowerCase() + rpc.slice(1);
}
