import {
  HoldState,
  LedgerError,
  type Balance,
  type Entry,
  type Hold,
  type Transaction,
} from '@ledger/client';
import { Status } from '@ledger/proto/google/rpc/status';
import * as account from '@ledger/proto/ledger/v1/account_service';
import * as ledger from '@ledger/proto/ledger/v1/ledger_service';
import type { MadeIds, Told } from '../model/movement-model';
import type { LedgerWrite, Movement } from '../model/random-movements';
import { type RawAnswer, type RawCall } from './raw-client';
import { rawCalls } from './raw-calls';

/** An answer in the terms of the model, with the ids that it names. */
export interface Observed extends MadeIds {
  readonly told: Told;
}

/** What the responses of all writes of the ledger have between them. */
export interface AnyResponse {
  readonly transaction?: Transaction | undefined;
  readonly balance?: Balance | undefined;
  readonly balances?: readonly Balance[];
  readonly hold?: Hold | undefined;
}

/** The write as a call of its own. */
export function callOfMovement(movement: LedgerWrite): RawCall {
  switch (movement.$case) {
    case 'credit':
      return rawCalls.credit(movement.value);
    case 'purchase':
      return rawCalls.purchase(movement.value);
    case 'transfer':
      return rawCalls.transfer(movement.value);
    case 'postTransaction':
      return rawCalls.postTransaction(movement.value);
    case 'reverseTransaction':
      return rawCalls.reverseTransaction(movement.value);
    case 'placeHold':
      return rawCalls.placeHold(movement.value);
    case 'captureHold':
      return rawCalls.captureHold(movement.value);
    case 'releaseHold':
      return rawCalls.releaseHold(movement.value);
    case 'updateAccount':
      return rawCalls.updateAccount(movement.value);
  }
}

/** The responses of what a batch may hold. */
export const responseCodecs: Readonly<
  Record<Exclude<Movement['$case'], 'updateAccount'>, { decode(bytes: Uint8Array): AnyResponse }>
> = {
  credit: ledger.CreditResponse,
  purchase: ledger.PurchaseResponse,
  transfer: ledger.TransferResponse,
  postTransaction: ledger.PostTransactionResponse,
  reverseTransaction: ledger.ReverseTransactionResponse,
  placeHold: ledger.PlaceHoldResponse,
  captureHold: ledger.CaptureHoldResponse,
  releaseHold: ledger.ReleaseHoldResponse,
};

/** What a call of its own was told. */
export function observedCall(name: Movement['$case'], answer: RawAnswer): Observed {
  const bytes = Buffer.from(answer.bytes, 'hex');
  if (answer.code !== 0) return observedFailure(Status.decode(bytes));
  if (name !== 'updateAccount') return observedResponse(responseCodecs[name].decode(bytes));
  const changed = account.UpdateAccountResponse.decode(bytes).account;
  if (changed === undefined) throw new Error('the answer has no account');
  const hold = `${changed.minBalance} ${changed.frozen}`;
  return { told: { entries: [], hold, balances: [shown(changed)] }, transactionId: '', holdId: '' };
}

/** What a write was told as a part of a batch. */
export function observedResult({ outcome }: ledger.BatchWriteResult): Observed {
  if (outcome === undefined) throw new Error('the result is empty');
  return outcome.$case === 'error' ? observedFailure(outcome.value) : observedResponse(outcome.value);
}

/** A failure in the terms of the model. */
export function observedFailure(status: Status): Observed {
  const { reason = 'NONE', metadata } = LedgerError.fromStatus(status, { method: 'write' });
  return { told: { failed: reason, about: metadata }, transactionId: '', holdId: '' };
}

function observedResponse({ transaction, balance, balances, hold }: AnyResponse): Observed {
  const state = hold === undefined ? '' : `${hold.amount} ${hold.capturedAmount} ${HoldState[hold.state]}`;
  const all = balance === undefined ? (balances ?? []) : [balance];
  return {
    told: { entries: (transaction?.entries ?? []).map(line), hold: state, balances: all.map(shown) },
    transactionId: transaction?.transactionId ?? '',
    holdId: hold?.holdId ?? '',
  };
}

function line({ userId, asset, change, sequence, balanceAfter }: Entry): string {
  const moved = `${userId} ${asset} ${change}`;
  return userId.startsWith('@') ? moved : `${moved} ${sequence} ${balanceAfter}`;
}

/** An account as the model shows it. */
export function shown({
  userId,
  asset,
  balance,
  held,
  available,
  sequence,
}: Pick<Balance, 'userId' | 'asset' | 'balance' | 'held' | 'available' | 'sequence'>): string {
  return `${userId} ${asset} ${balance} ${held} ${available} ${sequence}`;
}
