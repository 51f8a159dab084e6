import type { Complete } from './complete';
import type * as account from './gen/ledger/v1/account_service';
import type * as catalog from './gen/ledger/v1/catalog_service';
import type * as ledger from './gen/ledger/v1/ledger_service';

// What the methods give, where it is more than the message of the contract.

export type CreditResponse = Written<ledger.CreditResponse>;
export type PurchaseResponse = Written<ledger.PurchaseResponse>;
export type TransferResponse = Written<ledger.TransferResponse>;
export type PostTransactionResponse = Written<ledger.PostTransactionResponse>;
export type ReverseTransactionResponse = Written<ledger.ReverseTransactionResponse>;
export type PlaceHoldResponse = Written<ledger.PlaceHoldResponse>;
export type CaptureHoldResponse = Written<ledger.CaptureHoldResponse>;
export type ReleaseHoldResponse = Written<ledger.ReleaseHoldResponse>;
export type BatchWriteResponse = Written<ledger.BatchWriteResponse>;
export type PutItemResponse = Written<catalog.PutItemResponse>;
export type UpdateAccountResponse = Written<account.UpdateAccountResponse>;

export type GetBalanceResponse = Complete<ledger.GetBalanceResponse>;
export type GetTransactionResponse = Complete<ledger.GetTransactionResponse>;
export type GetHoldResponse = Complete<ledger.GetHoldResponse>;
export type GetItemResponse = Complete<catalog.GetItemResponse>;
export type GetAccountResponse = Complete<account.GetAccountResponse>;

/** The answer to a write. */
export type Written<Message> = Complete<Message> & Replay;

interface Replay {
  /** Whether this write was booked by an earlier attempt, and this is its first answer once more. */
  readonly replayed: boolean;
}
