import type * as account from '@ledger/proto/ledger/v1/account_service';
import type * as catalog from '@ledger/proto/ledger/v1/catalog_service';
import type * as ledger from '@ledger/proto/ledger/v1/ledger_service';

type Definitions = typeof ledger.LedgerServiceService &
  typeof catalog.CatalogServiceService &
  typeof account.AccountServiceService;

/** An rpc of the ledger, by its name in the generated code. */
export type RpcName = keyof Definitions;
/** One that is a method of the client: all but those that methods share. */
export type MethodName = {
  [Rpc in RpcName]: Definitions[Rpc]['requestStream'] extends true ? never : Rpc;
}[RpcName];
/** One with one response. */
export type UnaryRpcName = {
  [Rpc in MethodName]: Definitions[Rpc]['responseStream'] extends true ? never : Rpc;
}[MethodName];
/** The request of an rpc as the server receives it: fields that were left out have their default. */
export type RequestOf<Rpc extends RpcName> = ReturnType<Definitions[Rpc]['requestDeserialize']>;
/** The response of an rpc, or one message of its stream. */
export type ResponseOf<Rpc extends RpcName> = ReturnType<Definitions[Rpc]['responseDeserialize']>;
