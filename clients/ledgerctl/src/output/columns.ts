import type {
  Account,
  Balance,
  Entry,
  GetRequestResponse,
  Hold,
  Item,
  ItemSnapshot,
  Transaction,
  VerifyViolation,
} from '@ledger/client';

/** The fields of each message that a table shows, in this order. JSON shows all fields. */
export const COLUMNS: ColumnsOf<{
  Account: Account;
  Balance: Balance;
  Entry: Entry;
  GetRequestResponse: GetRequestResponse;
  Hold: Hold;
  Item: Item;
  ItemSnapshot: ItemSnapshot;
  Transaction: Transaction;
  VerifyViolation: VerifyViolation;
}> = {
  Account: [
    'userId',
    'asset',
    'balance',
    'held',
    'available',
    'sequence',
    'minBalance',
    'frozen',
    'metadata',
    'etag',
  ],
  Balance: ['userId', 'asset', 'balance', 'held', 'available', 'sequence', 'updateTime'],
  Entry: [
    'transactionId',
    'kind',
    'userId',
    'asset',
    'stripe',
    'sequence',
    'change',
    'balanceAfter',
    'createTime',
  ],
  GetRequestResponse: ['userId', 'requestId', 'method', 'code', 'reason', 'transactionId', 'createTime'],
  Hold: [
    'holdId',
    'userId',
    'asset',
    'amount',
    'capturedAmount',
    'state',
    'destination',
    'expireTime',
    'createTime',
  ],
  Item: ['itemId', 'version', 'name', 'asset', 'price', 'active', 'grantAsset', 'createTime'],
  ItemSnapshot: ['itemId', 'name', 'priceVersion', 'unitPrice', 'quantity'],
  Transaction: [
    'transactionId',
    'kind',
    'userId',
    'requestId',
    'createTime',
    'reference',
    'description',
    'metadata',
    'reversesTransactionId',
    'reversibleAmount',
  ],
  VerifyViolation: ['rule', 'userId', 'asset', 'stripe', 'sequence', 'transactionId', 'detail'],
};

/** The fields that are amounts, in the asset of their message. */
export const AMOUNTS: {
  readonly [Name in keyof typeof COLUMNS]?: readonly (typeof COLUMNS)[Name][number][];
} = {
  Account: ['balance', 'held', 'available', 'minBalance'],
  Balance: ['balance', 'held', 'available'],
  Entry: ['change', 'balanceAfter'],
  Hold: ['amount', 'capturedAmount'],
  Item: ['price'],
  ItemSnapshot: ['unitPrice'],
  Transaction: ['reversibleAmount'],
};

/** Where the exact form of a column is, when int64 cannot hold it: a table shows that one. Nothing is held of such a sum. */
export const EXACT_FORMS: ReadonlyMap<string, string> = new Map([
  ['balance', 'exactBalance'],
  ['available', 'exactBalance'],
  ['balanceAfter', 'exactBalanceAfter'],
  ['debitsAfter', 'exactDebitsAfter'],
]);

type ColumnsOf<Messages> = { readonly [Name in keyof Messages]: readonly (keyof Messages[Name])[] };
