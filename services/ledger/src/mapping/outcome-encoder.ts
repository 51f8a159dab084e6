import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { UpdateAccountResponse } from '@ledger/proto/ledger/v1/account_service';
import { PutItemResponse } from '@ledger/proto/ledger/v1/catalog_service';
import {
  CaptureHoldResponse,
  CreditResponse,
  PlaceHoldResponse,
  PostTransactionResponse,
  PurchaseResponse,
  ReleaseHoldResponse,
  ReverseTransactionResponse,
  TransferResponse,
} from '@ledger/proto/ledger/v1/ledger_service';
import type { Answer, EncodedOutcome, OutcomeEncoder } from '../engine/answer';
import type { Command } from '../ledger/command';
import type { Failure } from '../ledger/failure';
import type { Outcome } from '../ledger/outcome';
import {
  accountMessage,
  balanceMessage,
  bytesOf,
  holdMessage,
  itemMessage,
  transactionMessage,
} from './messages';
import { encodeResults } from '../handlers/batch-write';
import { errorCodec } from './status';

/** Outcomes as the bytes that are stored, sent and sent again. */
export const outcomeEncoder: OutcomeEncoder = { encode, encodeReused, encodeBatch, encodeBatchFailure };

function encode(command: Command, outcome: Outcome): EncodedOutcome {
  if (outcome.type === 'failure') {
    const { reason, message, metadata } = outcome;
    return errorCodec.encode({ reason, message, metadata });
  }
  return { code: 0, reason: '', bytes: responseOf(command, outcome) };
}

function encodeReused(request: { readonly scope: string; readonly requestId: string }): EncodedOutcome {
  const { scope, requestId } = request;
  return errorCodec.encode({
    reason: 'REQUEST_ID_REUSED',
    message: `request_id ${requestId} of ${scope} was used before for something else`,
    metadata: { user_id: scope, request_id: requestId },
  });
}

function encodeBatch(commands: readonly Command[], answers: readonly Answer[]): EncodedOutcome {
  return { code: 0, reason: '', bytes: encodeResults(commands, answers) };
}

function encodeBatchFailure(index: number, failed: EncodedOutcome): EncodedOutcome {
  return errorCodec.encodeAt(failed, 'write', `writes[${index}]`);
}

interface Encodable<Message> {
  encode(message: Message, writer: BinaryWriter): BinaryWriter;
}

let writer = new BinaryWriter();

/**
 * Encodes a response with a writer that is used again: growing a new one to the size of a response took half as
 * long as the encoding itself.
 */
function encodeResponse<Message>(type: Encodable<Message>, message: Message): Buffer {
  try {
    return bytesOf(type.encode(message, writer));
  } catch (error) {
    // What the failed message left behind must not begin the next one.
    writer = new BinaryWriter();
    throw error;
  }
}

function responseOf(command: Command, outcome: Exclude<Outcome, Failure>): Buffer {
  switch (command.kind) {
    case 'Credit':
      return encodeResponse(CreditResponse, movement(outcome));
    case 'Purchase':
      return encodeResponse(PurchaseResponse, movement(outcome));
    case 'Transfer':
      return encodeResponse(TransferResponse, movement(outcome));
    case 'PostTransaction':
      return encodeResponse(PostTransactionResponse, movements(outcome));
    case 'ReverseTransaction':
      return encodeResponse(ReverseTransactionResponse, movements(outcome));
    case 'PlaceHold':
      return encodeResponse(PlaceHoldResponse, holdMoved(outcome));
    case 'CaptureHold':
      return encodeResponse(CaptureHoldResponse, holdMoved(outcome));
    case 'ReleaseHold':
      return encodeResponse(ReleaseHoldResponse, holdMoved(outcome));
    case 'UpdateAccount':
      if (outcome.type !== 'account') throw mismatch(command);
      return encodeResponse(UpdateAccountResponse, { account: accountMessage(outcome.account) });
    case 'PutItem':
      if (outcome.type !== 'itemPut') throw mismatch(command);
      return encodeResponse(PutItemResponse, { item: itemMessage(outcome.item) });
  }
}

/** The transaction and its first balance. */
function movement(outcome: Outcome): Pick<CreditResponse, 'transaction' | 'balance'> {
  const { transaction, balances } = movements(outcome);
  return { transaction, balance: balances[0] };
}

/** The transaction and all balances. */
function movements(outcome: Outcome): Pick<PostTransactionResponse, 'transaction' | 'balances'> {
  if (outcome.type !== 'posted') throw new TypeError('a movement makes a transaction');
  return {
    transaction: transactionMessage(outcome.transaction, outcome.reversibleAmount),
    balances: outcome.balances.map(balanceMessage),
  };
}

function holdMoved(outcome: Outcome): CaptureHoldResponse {
  if (outcome.type !== 'hold') throw new TypeError('a hold command makes a hold');
  const { hold, transaction, balance } = outcome;
  return {
    hold: holdMessage(hold),
    transaction: transaction === null ? undefined : transactionMessage(transaction, hold.capturedAmount),
    balance: balanceMessage(balance),
  };
}

function mismatch(command: Command): TypeError {
  return new TypeError(`${command.kind} came to another kind of outcome`);
}
