export type { CallOptions, RetryPolicy } from './call-options';
export type { ErrorDetails, ErrorReasonName } from './error-details';
export type { FieldMask } from './gen/google/protobuf/field_mask';
export type { Timestamp } from './gen/google/protobuf/timestamp';
export type { Account, ListAccountsResponse } from './gen/ledger/v1/account_service';
export type { Item, ListItemsResponse, ListItemVersionsResponse } from './gen/ledger/v1/catalog_service';
export { ErrorReason } from './gen/ledger/v1/error_reason';
export { EntryKind, HoldState, SortOrder } from './gen/ledger/v1/ledger';
export type { Balance, Entry, Hold, ItemSnapshot, Transaction } from './gen/ledger/v1/ledger';
export type {
  AccountKey,
  BatchGetBalancesResponse,
  BatchWriteResult,
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
} from './gen/ledger/v1/ledger_service';
export { LedgerClient } from './ledger-client';
export { LedgerError } from './ledger-error';
export type { LedgerErrorInit } from './ledger-error';
export type { Listing, Page } from './listing';
export type * from './requests';
export type * from './responses';
export { toDate, toTimestamp } from './timestamp';
export type { LedgerClientOptions } from './transport';
