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

// What a table shows of each message, in this order. JSON shows all.

export const ENTRY = [
  'transactionId',
  'kind',
  'userId',
  'asset',
  'stripe',
  'sequence',
  'change',
  'balanceAfter',
  'createTime',
] as const satisfies readonly (keyof Entry)[];

export const BALANCE = [
  'userId',
  'asset',
  'balance',
  'held',
  'available',
  'sequence',
  'updateTime',
] as const satisfies readonly (keyof Balance)[];

export const TRANSACTION = [
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
] as const satisfies readonly (keyof Transaction)[];

export const SNAPSHOT = [
  'itemId',
  'name',
  'priceVersion',
  'unitPrice',
  'quantity',
] as const satisfies readonly (keyof ItemSnapshot)[];

export const REQUEST = [
  'userId',
  'requestId',
  'method',
  'code',
  'reason',
  'transactionId',
  'createTime',
] as const satisfies readonly (keyof GetRequestResponse)[];

export const HOLD = [
  'holdId',
  'userId',
  'asset',
  'amount',
  'capturedAmount',
  'state',
  'destination',
  'expireTime',
  'createTime',
] as const satisfies readonly (keyof Hold)[];

export const ITEM = [
  'itemId',
  'version',
  'name',
  'asset',
  'price',
  'active',
  'grantAsset',
  'createTime',
] as const satisfies readonly (keyof Item)[];

export const ACCOUNT = [
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
] as const satisfies readonly (keyof Account)[];

export const VIOLATION = [
  'rule',
  'userId',
  'asset',
  'stripe',
  'sequence',
  'transactionId',
  'detail',
] as const satisfies readonly (keyof VerifyViolation)[];
