import { PutItemResponse } from '../gen/ledger/v1/catalog_service';
import { CreditResponse, PurchaseResponse } from '../gen/ledger/v1/ledger_service';
import type { EncodedOutcome, OutcomeEncoder } from '../commit/answer';
import type { Command } from '../ledger/command';
import type { Outcome } from '../ledger/outcome';
import { balanceMessage, bytesOf, itemMessage, transactionMessage } from './message';
import { errorStatus } from './status';

/** Outcomes as the bytes that are stored, sent and sent again. */
export const outcomeEncoder: OutcomeEncoder = { encode, encodeReused };

function encode(command: Command, outcome: Outcome): EncodedOutcome {
  if (outcome.type === 'failure') {
    const { reason, message, metadata } = outcome;
    return errorStatus({ reason, message, metadata });
  }
  return { code: 0, reason: '', bytes: responseOf(command, outcome) };
}

function encodeReused(command: Command): EncodedOutcome {
  return errorStatus({
    reason: 'REQUEST_ID_REUSED',
    message: `request_id ${command.requestId} of ${command.scope} was used before for something else`,
    metadata: { user_id: command.scope, request_id: command.requestId },
  });
}

function responseOf(command: Command, outcome: Exclude<Outcome, { type: 'failure' }>): Buffer {
  switch (command.kind) {
    case 'Credit':
      return bytesOf(CreditResponse.encode(movement(outcome)));
    case 'Purchase':
      return bytesOf(PurchaseResponse.encode(movement(outcome)));
    case 'PutItem':
      if (outcome.type !== 'itemPut') throw new TypeError('PutItem makes an item');
      return bytesOf(PutItemResponse.encode({ item: itemMessage(outcome.item) }));
  }
}

/** The transaction and its first balance. */
function movement(outcome: Outcome): Pick<CreditResponse, 'transaction' | 'balance'> {
  if (outcome.type !== 'posted') throw new TypeError('a movement makes a transaction');
  const [balance] = outcome.balances;
  return {
    transaction: transactionMessage(outcome.transaction, outcome.reversibleAmount),
    balance: balance === undefined ? undefined : balanceMessage(balance),
  };
}
