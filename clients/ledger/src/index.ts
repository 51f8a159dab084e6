export { credentials } from '@grpc/grpc-js';
export type { CallerHeaders, Headers, PerAttempt } from './call-headers';
export type { AttemptInfo, CallHooks, ResultInfo } from './call-hooks';
export type { CallOptions, RetryPolicy } from './call-options';
export type { TlsOptions } from './channel-credentials';
export type { ErrorDetails, ErrorReasonName } from './error-details';
export type { FieldMask } from '@ledger/proto/google/protobuf/field_mask';
export type { Timestamp } from '@ledger/proto/google/protobuf/timestamp';
export type { Account, ListAccountsResponse } from '@ledger/proto/ledger/v1/account_service';
export type {
  Item,
  ListItemsResponse,
  ListItemVersionsResponse,
} from '@ledger/proto/ledger/v1/catalog_service';
export { ErrorReason } from '@ledger/proto/ledger/v1/error_reason';
export { EntryKind, HoldState, SortOrder } from '@ledger/proto/ledger/v1/ledger';
export type { Balance, Entry, Hold, ItemSnapshot, Transaction } from '@ledger/proto/ledger/v1/ledger';
export type {
  AccountKey,
  BatchGetBalancesResponse,
  BatchWriteResult,
  BatchWriteSummary,
  GetRequestResponse,
  ListBalancesResponse,
  ListEntriesResponse,
  ListHoldsResponse,
  ListTransactionsResponse,
  VerifyLedgerResponse,
  VerifyProgress,
  VerifyReport,
  VerifyViolation,
  WatchEntriesResponse,
} from '@ledger/proto/ledger/v1/ledger_service';
export type { InterceptedCall, InterceptedResult, Interceptor } from './interceptor';
export { exactBalance, exactBalanceAfter, exactDebitsAfter } from './exact';
export { LedgerClient } from './ledger-client';
export { LedgerError } from './ledger-error';
export type { LedgerErrorInit } from './ledger-error';
export type { Listing, Page } from './listing';
export type { Pairs } from './pairs';
export type * from './requests';
export type * from './responses';
export { toDate, toTimestamp } from './timestamp';
export type { LedgerClientOptions } from './transport';
