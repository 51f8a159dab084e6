import { refusalOf } from './refusal';
import type { RawAnswer } from './raw-client';

/** What a refusal must say, as ErrorReason documents it. */
export interface ExpectedRefusal {
  readonly code: string;
  readonly reason: string;
  /** All of it, but for the sequence of the account. */
  readonly metadata: Readonly<Record<string, string>>;
  /** It depends on an account, so it says after which of its entries. */
  readonly atSequence?: true;
  /** Beside ErrorInfo. */
  readonly detail?: string;
}

const precondition = { code: 'FAILED_PRECONDITION', detail: 'PreconditionFailure' };

/** Checks a refusal: its code, its details, and that every number of its message is in the metadata. */
export function expectRefused(answer: RawAnswer, expected: ExpectedRefusal): void {
  const { code, reason, metadata, detail, atSequence } = expected;
  const refusal = refusalOf(answer);
  expect(refusal).toMatchObject({ code, reason, domain: 'ledger.v1' });
  const { sequence, ...others } = refusal.metadata;
  expect(others).toEqual(metadata);
  if (atSequence) expect(sequence).toMatch(/^[0-9]+$/);
  else expect(sequence).toBeUndefined();
  expect(refusal.details).toEqual(detail === undefined ? ['ErrorInfo'] : ['ErrorInfo', detail]);
  expect(answer.replayed).toBeUndefined();
  const values = Object.values(metadata).sort((a, b) => b.length - a.length);
  const words = values.reduce((text, value) => text.replaceAll(value, ' '), refusal.message);
  // `int64` is a name.
  expect(words.replaceAll('int64', '')).not.toMatch(/[0-9]/);
}

export function insufficientFunds(
  userId: string,
  asset: string,
  numbers: { readonly balance: string; readonly available: string; readonly required: string },
): ExpectedRefusal {
  const metadata = { user_id: userId, asset, ...numbers, min_balance: '0' };
  return { ...precondition, reason: 'INSUFFICIENT_FUNDS', metadata, atSequence: true };
}

export function accountFrozen(userId: string, asset: string): ExpectedRefusal {
  const metadata = { user_id: userId, asset };
  return { ...precondition, reason: 'ACCOUNT_FROZEN', metadata, atSequence: true };
}

export function itemInactive(itemId: string, currentVersion: string): ExpectedRefusal {
  const metadata = { item_id: itemId, current_version: currentVersion };
  return { ...precondition, reason: 'ITEM_INACTIVE', metadata };
}

/** Of version 1, when 2 is the current one. */
export function priceChanged(itemId: string, currentPrice: string, asset: string): ExpectedRefusal {
  const current = { price_version: '1', current_version: '2', current_price: currentPrice };
  return { ...precondition, reason: 'PRICE_CHANGED', metadata: { item_id: itemId, ...current, asset } };
}

export function itemNotFound(metadata: {
  readonly item_id: string;
  readonly version?: string;
}): ExpectedRefusal {
  return { code: 'NOT_FOUND', reason: 'ITEM_NOT_FOUND', metadata, detail: 'ResourceInfo' };
}

export function transactionNotFound(transactionId: string): ExpectedRefusal {
  const metadata = { transaction_id: transactionId };
  return { code: 'NOT_FOUND', reason: 'TRANSACTION_NOT_FOUND', metadata, detail: 'ResourceInfo' };
}

export function amountOverflow(metadata: Readonly<Record<string, string>>): ExpectedRefusal {
  const expected = { code: 'OUT_OF_RANGE', reason: 'AMOUNT_OVERFLOW', metadata };
  return metadata['item_id'] === undefined ? { ...expected, atSequence: true } : expected;
}

export function conflict(metadata: Readonly<Record<string, string>>): ExpectedRefusal {
  return { code: 'ABORTED', reason: 'CONFLICT', metadata };
}

export function requestIdReused(userId: string, requestId: string): ExpectedRefusal {
  const metadata = { user_id: userId, request_id: requestId };
  return { code: 'ALREADY_EXISTS', reason: 'REQUEST_ID_REUSED', metadata };
}
