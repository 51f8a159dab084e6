import type * as account from '@ledger/proto/ledger/v1/account_service';
import type * as catalog from '@ledger/proto/ledger/v1/catalog_service';
import type * as ledger from '@ledger/proto/ledger/v1/ledger_service';
import type { Pairs } from './pairs';

// What the methods take. A field that the server has a default for may be left out.

/** Value for a user. */
export type CreditRequest = WriteInput<ledger.CreditRequest, 'userId' | 'asset' | 'amount'>;
/** A payment of a user. */
export type PurchaseRequest = WriteInput<
  Omit<ledger.PurchaseRequest, 'subject'> & PurchaseSubject,
  'userId' | 'subject'
>;
/** A payment between users. */
export type TransferRequest = WriteInput<
  ledger.TransferRequest,
  'fromUserId' | 'toUserId' | 'asset' | 'amount'
>;
/** A free movement. */
export type PostTransactionRequest = WriteInput<
  Omit<ledger.PostTransactionRequest, 'legs'> & TransactionLegs,
  'userId' | 'legs'
>;
/** What to take back. */
export type ReverseTransactionRequest = WriteInput<
  ledger.ReverseTransactionRequest,
  'userId' | 'transactionId'
>;
/** An amount to set aside. */
export type PlaceHoldRequest = WriteInput<ledger.PlaceHoldRequest, 'userId' | 'asset' | 'amount'>;
/** Which hold to pay. */
export type CaptureHoldRequest = WriteInput<ledger.CaptureHoldRequest, 'userId' | 'holdId'>;
/** Which hold to give up. */
export type ReleaseHoldRequest = WriteInput<ledger.ReleaseHoldRequest, 'userId' | 'holdId'>;
/** Many writes. Its own `requestId` counts when it is atomic. */
export type BatchWriteRequest = WriteInput<
  Omit<ledger.BatchWriteRequest, 'writes'> & BatchedWrites,
  'writes'
>;
/** A new version of an item, all of it: what is left out is empty in the new version. */
export type PutItemRequest = WriteInput<catalog.PutItemRequest, 'itemId' | 'name' | 'asset' | 'price'>;
/** New settings of an account: those that `updateMask` names, as in `['min_balance']`. */
export type UpdateAccountRequest = WriteInput<
  account.UpdateAccountRequest,
  'userId' | 'asset' | 'updateMask'
>;

/** Which account, and when. */
export type GetBalanceRequest = Input<ledger.GetBalanceRequest, 'userId' | 'asset'>;
/** Which accounts, and when. */
export type BatchGetBalancesRequest = Input<ledger.BatchGetBalancesRequest, 'accounts'>;
/** Whose balances, and when. */
export type ListBalancesRequest = Input<ledger.ListBalancesRequest, 'userId'>;
/** The entries of one account. */
export type ListEntriesRequest = Input<ledger.ListEntriesRequest, 'userId' | 'asset'>;
/** Which transaction. */
export type GetTransactionRequest = Input<ledger.GetTransactionRequest, 'transactionId'>;
/** Transactions by `userId` or `reference`: one of them must be given. */
export type ListTransactionsRequest = Input<ledger.ListTransactionsRequest>;
/** Which request. */
export type GetRequestRequest = Input<ledger.GetRequestRequest, 'userId' | 'requestId'>;
/** Which hold. */
export type GetHoldRequest = Input<ledger.GetHoldRequest, 'userId' | 'holdId'>;
/** The holds of a user. */
export type ListHoldsRequest = Input<ledger.ListHoldsRequest, 'userId'>;
/** What to watch. */
export type WatchEntriesRequest = Input<ledger.WatchEntriesRequest>;
/** What to verify. */
export type VerifyLedgerRequest = Input<ledger.VerifyLedgerRequest>;
/** Which item. */
export type GetItemRequest = Input<catalog.GetItemRequest, 'itemId'>;
/** The catalog. */
export type ListItemsRequest = Input<catalog.ListItemsRequest>;
/** The history of an item. */
export type ListItemVersionsRequest = Input<catalog.ListItemVersionsRequest, 'itemId'>;
/** Which account. */
export type GetAccountRequest = Input<account.GetAccountRequest, 'userId' | 'asset'>;
/** The accounts of a user. */
export type ListAccountsRequest = Input<account.ListAccountsRequest, 'userId'>;

/** One account's part of a transaction. */
export type Leg = Input<ledger.Leg, 'userId' | 'asset' | 'change'>;
/** An item of the catalog, at its price. */
export type PurchaseItem = Input<ledger.PurchaseItem, 'itemId' | 'quantity'>;
/** A price that the caller knows. */
export type PurchasePrice = Input<ledger.PurchasePrice, 'asset' | 'amount'>;

/** One write of a batch. Its `requestId` is made like any other when it is left out. */
export interface BatchWriteItem {
  /** Which write. */
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
  /** 1 to 10,000, carried out in order. */
  writes: BatchWriteItem[];
}

interface RequestId {
  /**
   * Identifies this write for ever within its scope: 1 to 128 printable ASCII characters. Made by the
   * client when left out. Give your own when the write must happen at most once over several calls, for
   * instance after a restart; a failure is replayed as well, so a new try needs a new id.
   */
  requestId?: string;
}

interface Case<Name extends string, Value> {
  readonly $case: Name;
  readonly value: Value;
}

// Mapped straight over the generated messages, so that an editor shows the comments of the contract.
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
