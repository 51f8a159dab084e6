import type { Complete } from './complete';
import type * as account from '@ledger/proto/ledger/v1/account_service';
import type * as catalog from '@ledger/proto/ledger/v1/catalog_service';
import type * as ledger from '@ledger/proto/ledger/v1/ledger_service';

// The responses of the methods that are more than the message of the contract.

/** What was booked. */
export type CreditResponse = Written<ledger.CreditResponse>;
/** What was booked. */
export type PurchaseResponse = Written<ledger.PurchaseResponse>;
/** What was booked. */
export type TransferResponse = Written<ledger.TransferResponse>;
/** What was booked. */
export type PostTransactionResponse = Written<ledger.PostTransactionResponse>;
/** What was booked. */
export type ReverseTransactionResponse = Written<ledger.ReverseTransactionResponse>;
/** The hold. */
export type PlaceHoldResponse = Written<ledger.PlaceHoldResponse>;
/** What was booked. */
export type CaptureHoldResponse = Written<ledger.CaptureHoldResponse>;
/** The released hold. */
export type ReleaseHoldResponse = Written<ledger.ReleaseHoldResponse>;
/** The outcomes, in the order of the writes. `LedgerError.fromStatus` reads the failed ones. */
export type BatchWriteResponse = Written<ledger.BatchWriteResponse>;
/** The new version of the item. */
export type PutItemResponse = Written<catalog.PutItemResponse>;
/** The account after the change. */
export type UpdateAccountResponse = Written<account.UpdateAccountResponse>;

/** The balance of the account. */
export type GetBalanceResponse = Complete<ledger.GetBalanceResponse>;
/** The transaction. */
export type GetTransactionResponse = Complete<ledger.GetTransactionResponse>;
/** The hold. */
export type GetHoldResponse = Complete<ledger.GetHoldResponse>;
/** The item. */
export type GetItemResponse = Complete<catalog.GetItemResponse>;
/** The account. */
export type GetAccountResponse = Complete<account.GetAccountResponse>;

/** The response to a write. */
export type Written<Message> = Complete<Message> & Replay;

interface Replay {
  /** Whether this write was booked by an earlier attempt, and this is its stored response. */
  readonly replayed: boolean;
  /** Where the ledger's history was with this outcome; undefined when the server did not say. */
  readonly position: string | undefined;
}
