import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { AccountServiceService } from '../gen/ledger/v1/account_service';
import { CatalogServiceService } from '../gen/ledger/v1/catalog_service';
import { LedgerServiceService } from '../gen/ledger/v1/ledger_service';
import type { GroupCommit } from '../commit/group-commit';
import type { BalanceReader } from '../store/balance-reader';
import type { Store } from '../store/store';
import type { CallLog } from './call-log';
import { getItem, listItems } from './catalog';
import { getBalance } from './get-balance';
import { getTransaction } from './get-transaction';
import { listEntries } from './list-entries';
import type { PageTokens } from './page-token';
import { unaryHandler, type UnaryMethod } from './unary';
import { credit, purchase, putItem } from './write';

/** What the rpcs work with. */
export interface ServiceParts {
  readonly commit: GroupCommit;
  readonly store: Store;
  readonly balances: BalanceReader;
  readonly tokens: PageTokens;
  readonly log: CallLog;
}

/** A service as grpc-js registers it. */
export interface ServedService {
  /** Its full name: `ledger.v1.LedgerService`. */
  readonly name: string;
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

/** Every service of the contract. What has no handler here answers UNIMPLEMENTED. */
export function servedServices({ commit, store, balances, tokens, log }: ServiceParts): ServedService[] {
  const serve = <Request>(method: UnaryMethod<Request>): ReturnType<typeof unaryHandler> =>
    unaryHandler(method, log);
  return [
    {
      name: 'ledger.v1.LedgerService',
      definition: bytesIn(LedgerServiceService),
      implementation: {
        credit: serve(credit(commit)),
        purchase: serve(purchase(commit)),
        getBalance: serve(getBalance(balances)),
        listEntries: serve(listEntries(store, tokens)),
        getTransaction: serve(getTransaction(store)),
      },
    },
    {
      name: 'ledger.v1.CatalogService',
      definition: bytesIn(CatalogServiceService),
      implementation: {
        putItem: serve(putItem(commit)),
        getItem: serve(getItem(store)),
        listItems: serve(listItems(store, tokens)),
      },
    },
    { name: 'ledger.v1.AccountService', definition: bytesIn(AccountServiceService), implementation: {} },
  ];
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
