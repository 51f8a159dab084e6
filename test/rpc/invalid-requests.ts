import type { AccountServiceService } from '@ledger/proto/ledger/v1/account_service';
import type { CatalogServiceService } from '@ledger/proto/ledger/v1/catalog_service';
import type { BatchWriteItem, LedgerServiceService } from '@ledger/proto/ledger/v1/ledger_service';
import type { RawCall } from '../harness/raw-client';
import { rawCalls, type Fields } from '../harness/raw-calls';

/** An invalid request of every rpc, and what is wrong with it. An rpc without a row does not compile. */

type Rpc = keyof (typeof LedgerServiceService & typeof CatalogServiceService & typeof AccountServiceService);
type BatchWrites = NonNullable<Fields<BatchWriteItem>['write']>;
type BatchRpc = BatchWrites['$case'];

/** What a valid request of a row can be about. */
export interface Given {
  /** With 100 GOLD. */
  readonly userId: string;
  readonly requestId: string;
  /** A credit of the user. */
  readonly transactionId: string;
  /** An open hold of the user, of 10 GOLD. */
  readonly holdId: string;
}

/** An invalid request of one rpc. */
export interface Row {
  /** The fields that the error must name, in this order. */
  readonly fields: readonly string[];
  readonly invalid: (given: Given) => RawCall;
  /** The same request without the faults. */
  readonly corrected: (given: Given) => RawCall;
}

/** A row of a write that BatchWrite takes. */
export interface BatchRow extends Row {
  readonly invalidItem: (given: Given) => Fields<BatchWriteItem>;
  readonly correctedItem: (given: Given) => Fields<BatchWriteItem>;
}

interface Example<Request> {
  readonly valid: (given: Given) => Request;
  readonly invalid: Request;
  readonly fields: readonly string[];
}

const account = { asset: 'GOLD' };
/** A number that no enum defines. */
const UNKNOWN = 2 ** 7;
const mug = { name: 'Mug', asset: 'GOLD', price: 5n, active: true };

/** The writes that BatchWrite takes. */
export const writesOfBatches: { readonly [Name in BatchRpc]: BatchRow } = {
  credit: batchRow(rawCalls.credit, (value) => ({ $case: 'credit', value }), {
    valid: ({ userId, requestId }) => ({ userId, requestId, ...account, amount: 1n }),
    invalid: { asset: 'gold', amount: 0n },
    fields: ['asset', 'amount'],
  }),
  purchase: batchRow(rawCalls.purchase, (value) => ({ $case: 'purchase', value }), {
    valid: ({ userId, requestId }) => ({
      ...{ userId, requestId },
      subject: { $case: 'item' as const, value: { itemId: 'mug', quantity: 1n } },
    }),
    invalid: { subject: { $case: 'item', value: { itemId: '', quantity: 0n } } },
    fields: ['item.item_id', 'item.quantity'],
  }),
  transfer: batchRow(rawCalls.transfer, (value) => ({ $case: 'transfer', value }), {
    valid: ({ userId, requestId }) => ({
      ...{ fromUserId: userId, requestId, toUserId: 'friend', ...account, amount: 1n },
    }),
    invalid: { toUserId: '@bank', metadata: { '': 'v' } },
    fields: ['to_user_id', 'metadata[""]'],
  }),
  postTransaction: batchRow(rawCalls.postTransaction, (value) => ({ $case: 'postTransaction', value }), {
    valid: ({ userId, requestId }) => ({
      ...{ userId, requestId },
      legs: [
        { userId, ...account, change: -1n },
        { userId: 'friend', ...account, change: 1n },
      ],
    }),
    invalid: { userId: 'stranger', legs: [leg('ada', -1n), leg('b b', 1n)] },
    fields: ['user_id', 'legs[1].user_id'],
  }),
  reverseTransaction: batchRow(
    rawCalls.reverseTransaction,
    (value) => ({ $case: 'reverseTransaction', value }),
    {
      // All of it is more than what is not held.
      valid: ({ userId, requestId, transactionId }) => ({ userId, requestId, transactionId, amount: 1n }),
      invalid: { transactionId: 'first', amount: -1n },
      fields: ['transaction_id', 'amount'],
    },
  ),
  placeHold: batchRow(rawCalls.placeHold, (value) => ({ $case: 'placeHold', value }), {
    valid: ({ userId, requestId }) => ({ userId, requestId, ...account, amount: 1n }),
    invalid: { amount: 0n, destination: 'shop' },
    fields: ['amount', 'destination'],
  }),
  captureHold: batchRow(rawCalls.captureHold, (value) => ({ $case: 'captureHold', value }), {
    valid: ({ userId, requestId, holdId }) => ({ userId, requestId, holdId }),
    invalid: { holdId: '', amount: -1n },
    fields: ['hold_id', 'amount'],
  }),
  releaseHold: batchRow(rawCalls.releaseHold, (value) => ({ $case: 'releaseHold', value }), {
    valid: ({ userId, requestId, holdId }) => ({ userId, requestId, holdId }),
    invalid: { holdId: 'none' },
    fields: ['hold_id'],
  }),
};

/** Every write; a corrected request of each succeeds. */
export const writes: { readonly [Name in BatchRpc | 'batchWrite' | 'putItem' | 'updateAccount']: Row } = {
  ...writesOfBatches,
  batchWrite: row(rawCalls.batchWrite, {
    valid: ({ userId, requestId }) => ({
      ...{ requestId: `batch-${requestId}`, atomic: true },
      writes: [
        { write: { $case: 'credit' as const, value: { userId, requestId, ...account, amount: 1n } } },
        {
          write: {
            $case: 'placeHold' as const,
            value: { userId, requestId: `${requestId}-2`, ...account, amount: 1n },
          },
        },
      ],
    }),
    invalid: {
      requestId: '',
      writes: [
        { write: { $case: 'credit', value: { userId: 'ada', requestId: 'r', ...account, amount: 1n } } },
        { write: undefined },
      ],
    },
    fields: ['request_id', 'writes[1].write'],
  }),
  putItem: row(rawCalls.putItem, {
    valid: ({ userId, requestId }) => ({ itemId: `item-of-${userId}`, requestId, ...mug }),
    invalid: { name: '', grantAsset: 'GOLD' },
    fields: ['name', 'grant_asset'],
  }),
  updateAccount: row(rawCalls.updateAccount, {
    valid: ({ userId, requestId }) => ({
      userId,
      requestId,
      ...account,
      frozen: true,
      updateMask: ['frozen'],
    }),
    invalid: { updateMask: ['balance'], asset: '' },
    fields: ['update_mask', 'asset'],
  }),
};

/** Every unary read; a corrected request of each succeeds. */
export const reads: { readonly [Name in Exclude<Rpc, keyof typeof writes | Stream | StreamOfWrites>]: Row } =
  {
    getBalance: row(rawCalls.getBalance, {
      valid: ({ userId }) => ({ userId, ...account, asOf: { $case: 'asOfSequence' as const, value: 1n } }),
      invalid: { asset: 'gold', asOf: { $case: 'asOfSequence', value: -1n } },
      fields: ['asset', 'as_of_sequence'],
    }),
    batchGetBalances: row(rawCalls.batchGetBalances, {
      valid: ({ userId }) => ({ accounts: [{ userId, ...account }] }),
      invalid: { accounts: [{ userId: 'ada', ...account }, { userId: '@' }] },
      fields: ['accounts[1].user_id', 'accounts[1].asset'],
    }),
    listBalances: row(rawCalls.listBalances, {
      valid: ({ userId }) => ({ userId }),
      invalid: { userId: '', pageSize: -1 },
      fields: ['user_id', 'page_size'],
    }),
    listEntries: row(rawCalls.listEntries, {
      valid: ({ userId }) => ({ userId, ...account }),
      invalid: { asset: 'A B', kinds: [1, UNKNOWN] },
      fields: ['asset', 'kinds[1]'],
    }),
    getTransaction: row(rawCalls.getTransaction, {
      valid: ({ userId, transactionId }) => ({ userId, transactionId }),
      invalid: { transactionId: '', userId: '@bank' },
      fields: ['transaction_id', 'user_id'],
    }),
    listTransactions: row(rawCalls.listTransactions, {
      valid: ({ userId }) => ({ userId }),
      invalid: { userId: '', order: UNKNOWN },
      fields: ['user_id', 'order'],
    }),
    getRequest: row(rawCalls.getRequest, {
      valid: ({ userId }) => ({ userId, requestId: 'funds' }),
      invalid: { userId: 'a b', requestId: '' },
      fields: ['user_id', 'request_id'],
    }),
    getHold: row(rawCalls.getHold, {
      valid: ({ userId, holdId }) => ({ userId, holdId }),
      invalid: { userId: '@bank', holdId: 'first' },
      fields: ['user_id', 'hold_id'],
    }),
    listHolds: row(rawCalls.listHolds, {
      valid: ({ userId }) => ({ userId }),
      invalid: { asset: 'gold', states: [1, UNKNOWN] },
      fields: ['asset', 'states[1]'],
    }),
    getItem: row(rawCalls.getItem, {
      valid: () => ({ itemId: 'mug' }),
      invalid: { itemId: 'm\n', version: -1n },
      fields: ['item_id', 'version'],
    }),
    listItems: row(rawCalls.listItems, {
      valid: () => ({}),
      invalid: { pageSize: -1, pageToken: 'a'.repeat(16_385) },
      fields: ['page_size', 'page_token'],
    }),
    listItemVersions: row(rawCalls.listItemVersions, {
      valid: () => ({ itemId: 'mug' }),
      invalid: { itemId: '', pageSize: -1 },
      fields: ['item_id', 'page_size'],
    }),
    getAccount: row(rawCalls.getAccount, {
      valid: ({ userId }) => ({ userId, ...account }),
      invalid: { userId: '@a/b', asset: '' },
      fields: ['user_id', 'asset'],
    }),
    listAccounts: row(rawCalls.listAccounts, {
      valid: ({ userId }) => ({ userId }),
      invalid: { userId: '@', pageSize: -1 },
      fields: ['user_id', 'page_size'],
    }),
  };

type Stream = 'watchEntries' | 'verifyLedger';
/** Its items are the writes above; write-stream.test.ts sends them. */
type StreamOfWrites = 'writeStream';
/** Every stream of answers. */
export const streams: { readonly [Name in Stream]: Omit<Row, 'corrected'> } = {
  watchEntries: row(rawCalls.watchEntries, {
    valid: () => ({ fromStart: true }),
    invalid: { asset: 'gold', resumeToken: 'token' },
    fields: ['asset', 'from_start'],
  }),
  verifyLedger: row(rawCalls.verifyLedger, {
    valid: () => ({}),
    invalid: { userId: 'no one' },
    fields: ['user_id'],
  }),
};

function row<Request extends object>(
  callOf: (fields: Request) => RawCall,
  { valid, invalid, fields }: Example<NoInfer<Request>>,
): Row {
  return {
    fields,
    invalid: (given) => callOf({ ...valid(given), ...invalid }),
    corrected: (given) => callOf(valid(given)),
  };
}

function batchRow<Request extends object>(
  callOf: (fields: Request) => RawCall,
  writeOf: (fields: Request) => BatchWrites,
  example: Example<NoInfer<Request>>,
): BatchRow {
  const { valid, invalid } = example;
  return {
    ...row(callOf, example),
    invalidItem: (given) => ({ write: writeOf({ ...valid(given), ...invalid }) }),
    correctedItem: (given) => ({ write: writeOf(valid(given)) }),
  };
}

function leg(userId: string, change: bigint): { userId: string; asset: string; change: bigint } {
  return { userId, ...account, change };
}
