import type { CaptureHoldResponse, PostTransactionResponse } from '@ledger/proto/ledger/v1/ledger_service';
import type { Outcome } from '../ledger/outcome';
import { balanceMessage, holdMessage, transactionMessage } from './messages';

/** Outcomes as the parts that the responses of several writes have in common. */

/** The transaction and its first balance. */
export function transactionAndBalance(outcome: Outcome): {
  transaction: PostTransactionResponse['transaction'];
  balance: PostTransactionResponse['balances'][number] | undefined;
} {
  const { transaction, balances } = transactionAndBalances(outcome);
  return { transaction, balance: balances[0] };
}

/** The transaction and all balances. */
export function transactionAndBalances(outcome: Outcome): PostTransactionResponse {
  if (outcome.type !== 'posted') throw new TypeError(`a transaction was expected, not ${outcome.type}`);
  return {
    transaction: transactionMessage(outcome.transaction, outcome.reversibleAmount),
    balances: outcome.balances.map(balanceMessage),
  };
}

/** The hold, what was booked for it, and the balance. */
export function holdAndBalance(outcome: Outcome): CaptureHoldResponse {
  if (outcome.type !== 'hold') throw new TypeError(`a hold was expected, not ${outcome.type}`);
  const { hold, transaction, balance } = outcome;
  return {
    hold: holdMessage(hold),
    transaction: transaction === null ? undefined : transactionMessage(transaction, hold.capturedAmount),
    balance: balanceMessage(balance),
  };
}
