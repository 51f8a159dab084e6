import { isDeepStrictEqual } from 'node:util';
import {
  LedgerError,
  type Balance,
  type CallOptions,
  type CreditResponse,
  type ErrorDetails,
  type Item,
  type LedgerClient,
  type PurchaseResponse,
  type PutItemResponse,
  type Transaction,
} from '@ledger/client';
import { status } from '@grpc/grpc-js';
import type { WriteIntent } from './write-intent';

/** Everything that an answer says, but for the mark that it was there before. */
export type Outcome =
  | { readonly type: 'posted'; readonly transaction: Transaction; readonly balance: Balance }
  | { readonly type: 'itemPut'; readonly item: Item }
  | {
      readonly type: 'refused';
      readonly code: number;
      readonly reason: string;
      readonly message: string;
      readonly metadata: Readonly<Record<string, string>>;
      readonly details: ErrorDetails;
    };

/** What came back for a write. */
export type Reply =
  | { readonly outcome: Outcome; readonly replayed: boolean }
  /** No outcome: it may have been booked or not. */
  | { readonly outcome: undefined; readonly error: LedgerError };

/** Codes of a write that was looked at and refused: they are outcomes. */
const REFUSED: readonly number[] = [
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.FAILED_PRECONDITION,
  status.ABORTED,
  status.OUT_OF_RANGE,
];

/** Sends a write once, or as often as the client sees fit. */
export async function sendWrite(
  client: LedgerClient,
  requestId: string,
  intent: WriteIntent,
  options: CallOptions = {},
): Promise<Reply> {
  try {
    const response = await call(client, requestId, intent, options);
    return { outcome: outcomeOf(response), replayed: response.replayed };
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    if (!REFUSED.includes(error.code)) return { outcome: undefined, error };
    const { code, reason = '', message, metadata, details, replayed = false } = error;
    return { outcome: { type: 'refused', code, reason, message, metadata, details }, replayed };
  }
}

/** Whether two outcomes are the same in every field. */
export function isSameOutcome(a: Outcome, b: Outcome): boolean {
  return isDeepStrictEqual(a, b);
}

/**
 * Whether an error may be met while a server or its database dies: the transport's own, or the ledger's word that
 * nothing is known or booked. All others, such as INTERNAL, are faults.
 */
export function isAbsence({ code, reason }: LedgerError): boolean {
  switch (reason) {
    case undefined:
      return [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.CANCELLED, status.INTERNAL].includes(code);
    case 'STORE_UNAVAILABLE':
    case 'NOT_STARTED':
    case 'OVERLOADED':
      return true;
    default:
      return false;
  }
}

type Response = CreditResponse | PurchaseResponse | PutItemResponse;

function call(
  client: LedgerClient,
  requestId: string,
  intent: WriteIntent,
  options: CallOptions,
): Promise<Response> {
  switch (intent.kind) {
    case 'credit': {
      const { userId, asset, amount } = intent;
      return client.credit({ requestId, userId, asset, amount, reference: `credit/${requestId}` }, options);
    }
    case 'payPrice': {
      const { userId, asset, amount } = intent;
      const subject = { $case: 'price', value: { asset, amount } } as const;
      const metadata = { shop: 'corner' };
      return client.purchase({ requestId, userId, subject, description: 'by price', metadata }, options);
    }
    case 'buyItem': {
      const { userId, itemId, quantity, priceVersion } = intent;
      const subject = { $case: 'item', value: { itemId, quantity, priceVersion } } as const;
      return client.purchase({ requestId, userId, subject, destination: '@shop' }, options);
    }
    case 'putItem': {
      const { itemId, asset, price, active, grantAsset } = intent;
      return client.putItem({ requestId, itemId, name: itemId, asset, price, active, grantAsset }, options);
    }
  }
}

function outcomeOf(response: Response): Outcome {
  if ('item' in response) return { type: 'itemPut', item: response.item };
  return { type: 'posted', transaction: response.transaction, balance: response.balance };
}
