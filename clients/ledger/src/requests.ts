import type * as account from '@ledger/proto/ledger/v1/account_service';
import type * as catalog from '@ledger/proto/ledger/v1/catalog_service';
import type * as ledger from '@ledger/proto/ledger/v1/ledger_service';
import type { Pairs } from './pairs';

// The requests of the methods. Fields for which the server has a default may be left out.

/** Adds value to an account of a user. */
export type CreditRequest = WriteInput<ledger.CreditRequest, 'userId' | 'asset' | 'amount'>;
/** A user pays for an item or a price. */
export type PurchaseRequest = WriteInput<
  Omit<ledger.PurchaseRequest, 'subject'> & PurchaseSubject,
  'userId' | 'subject'
>;
/** A user pays another user. */
export type TransferRequest = WriteInput<
  ledger.TransferRequest,
  'fromUserId' | 'toUserId' | 'asset' | 'amount'
>;
/** Books any set of legs that sum to zero. */
export type PostTransactionRequest = WriteInput<
  Omit<ledger.PostTransactionRequest, 'legs'> & TransactionLegs,
  'userId' | 'legs'
>;
/** Reverses a transaction, or a part of it. */
export type ReverseTransactionRequest = WriteInput<
  ledger.ReverseTransactionRequest,
  'userId' | 'transactionId'
>;
/** Sets an amount aside. */
export type PlaceHoldRequest = WriteInput<ledger.PlaceHoldRequest, 'userId' | 'asset' | 'amount'>;
/** Pays a hold, or a part of it. */
export type CaptureHoldRequest = WriteInput<ledger.CaptureHoldRequest, 'userId' | 'holdId'>;
/** Gives a hold up. */
export type ReleaseHoldRequest = WriteInput<ledger.ReleaseHoldRequest, 'userId' | 'holdId'>;
/** Many writes in one message. Its own `requestId` is used only when it is atomic. */
export type BatchWriteRequest = WriteInput<
  Omit<ledger.BatchWriteRequest, 'writes'> & BatchedWrites,
  'writes'
>;
/** A new version of an item. Fields that are left out are empty in the new version. */
export type PutItemRequest = WriteInput<catalog.PutItemRequest, 'itemId' | 'name' | 'asset' | 'price'>;
/** New settings of an account. `updateMask` names those that change, such as `['min_balance']`. */
export type UpdateAccountRequest = WriteInput<
  account.UpdateAccountRequest,
  'userId' | 'asset' | 'updateMask'
>;

/** Reads the balance of an account, now or at an earlier time. */
export type GetBalanceRequest = Input<ledger.GetBalanceRequest, 'userId' | 'asset'>;
/** Reads the balances of several accounts in one snapshot. */
export type BatchGetBalancesRequest = Input<ledger.BatchGetBalancesRequest, 'accounts'>;
/** Lists the balances of a user. */
export type ListBalancesRequest = Input<ledger.ListBalancesRequest, 'userId'>;
/** Lists the entries of one account. */
export type ListEntriesRequest = Input<ledger.ListEntriesRequest, 'userId' | 'asset'>;
/** Reads a transaction. */
export type GetTransactionRequest = Input<ledger.GetTransactionRequest, 'transactionId'>;
/** Lists transactions by `userId` or `reference`. One of them must be given. */
export type ListTransactionsRequest = Input<ledger.ListTransactionsRequest>;
/** Reads the stored outcome of a write. */
export type GetRequestRequest = Input<ledger.GetRequestRequest, 'userId' | 'requestId'>;
/** Reads a hold. */
export type GetHoldRequest = Input<ledger.GetHoldRequest, 'userId' | 'holdId'>;
/** Lists the holds of a user. */
export type ListHoldsRequest = Input<ledger.ListHoldsRequest, 'userId'>;
/** Streams entries as they are booked. */
export type WatchEntriesRequest = Input<ledger.WatchEntriesRequest>;
/** Verifies the whole ledger, or the accounts of a user. */
export type VerifyLedgerRequest = Input<ledger.VerifyLedgerRequest>;
/** Reads a version of an item. */
export type GetItemRequest = Input<catalog.GetItemRequest, 'itemId'>;
/** Lists the current versions of all items. */
export type ListItemsRequest = Input<catalog.ListItemsRequest>;
/** Lists the versions of an item. */
export type ListItemVersionsRequest = Input<catalog.ListItemVersionsRequest, 'itemId'>;
/** Reads an account with its settings. */
export type GetAccountRequest = Input<account.GetAccountRequest, 'userId' | 'asset'>;
/** Lists the accounts of a user, or those of all whose ids begin with `userIdPrefix`. One of them must be given. */
export type ListAccountsRequest = Input<account.ListAccountsRequest>;

/** One account's part of a transaction. */
export type Leg = Input<ledger.Leg, 'userId' | 'asset' | 'change'>;
/** An item of the catalog, at its price. */
export type PurchaseItem = Input<ledger.PurchaseItem, 'itemId' | 'quantity'>;
/** A price that the caller knows. */
export type PurchasePrice = Input<ledger.PurchasePrice, 'asset' | 'amount'>;

/** One write of a batch. The client generates its `requestId` when it is left out. */
export interface BatchWriteItem {
  /** The write, by its kind. */
  readonly write:
    | Case<'credit', CreditRequest>
    | Case<'purchase', PurchaseRequest>
    | Case<'transfer', TransferRequest>
    | Case<'postTransaction', PostTransactionRequest>
    | Case<'reverseTransaction', ReverseTransactionRequest>
    | Case<'placeHold', PlaceHoldRequest>
    | Case<'captureHold', CaptureHoldRequest>
    | Case<'releaseHold', ReleaseHoldRequest>;
}

interface PurchaseSubject {
  /** What is paid for: an item of the catalog, or a price. */
  subject: Case<'item', PurchaseItem> | Case<'price', PurchasePrice>;
}

interface TransactionLegs {
  /** 2 to 64, one per account; the changes sum to zero per asset. */
  legs: Leg[];
}

interface BatchedWrites {
  /** 1 to 10,000, executed in this order. */
  writes: BatchWriteItem[];
}

interface RequestId {
  /**
   * Identifies this write within its scope, permanently: 1 to 128 printable ASCII characters. The client generates
   * one when it is left out. Give your own when the write must happen at most once over several calls, for
   * instance after a restart; a failure is replayed as well, so a new try needs a new id.
   */
  requestId?: string;
}

interface Case<Name extends string, Value> {
  readonly $case: Name;
  readonly value: Value;
}

// Mapped directly over the generated messages, so that an editor shows the comments of the contract.
type Input<Message, Required extends keyof Message = never> = {
  readonly [K in keyof (Pick<Message, Required> & Partial<Omit<Message, Required>>)]: K extends Required
    ? Given<Message[K]>
    : Given<Message[K]> | undefined;
};

type WriteInput<Message extends { requestId: string }, Required extends keyof Message> = {
  readonly [
    K in keyof (Pick<Message, Required> & Partial<Omit<Message, Required | 'requestId'>> & RequestId)
  ]: K extends Required ? Given<Message[K]> : Given<Message[K]> | undefined;
};

type Given<T> =
  NonNullable<T> extends readonly (infer Element)[]
    ? readonly Element[]
    : NonNullable<T> extends ReadonlyMap<string, string>
      ? Pairs
      : NonNullable<T>;
