import {
  CreditResponse,
  GetBalanceResponse,
  ListEntriesResponse,
  PurchaseResponse,
  TransferResponse,
} from '@ledger/proto/ledger/v1/ledger_service';
import type { Transaction } from '@ledger/proto/ledger/v1/ledger';
import type { PreparedCall } from './traffic';

const FRAME_BYTES = 5;
/** Number of `error` in ledger.v1.BatchWriteResult. */
const ERROR_FIELD = 9;
const WIRE_TYPE = 0x7;
const LENGTH_DELIMITED = 2;

/**
 * Checks every response cheaply: it must be one complete message whose last field ends at its end, and it must name
 * this call. A batch must have as many results as writes, and no error among them.
 *
 * @returns what is wrong; empty when nothing is
 */
export function checkResponse(call: PreparedCall, body: Buffer): string {
  if (body.length <= FRAME_BYTES) return `a response of ${body.length} bytes`;
  if (body[0] !== 0 || body.readUInt32BE(1) !== body.length - FRAME_BYTES) return 'not one whole message';
  if (!body.includes(call.mark)) return `a response that does not name ${call.mark.toString()}`;
  return checkFields(call, body.subarray(FRAME_BYTES));
}

/** All fields of these responses are messages or strings: a tag, a length, and that many bytes. */
function checkFields(call: PreparedCall, message: Buffer): string {
  const isBatch = call.method === 'batch';
  let at = 0;
  let fields = 0;
  while (at < message.length) {
    const [tag, afterTag] = varint(message, at);
    const [length, begin] = varint(message, afterTag);
    if ((tag & WIRE_TYPE) !== LENGTH_DELIMITED) return `a field with the tag ${tag}`;
    if (isBatch && varint(message, begin)[0] >> 3 >= ERROR_FIELD) return `write ${fields} of a batch failed`;
    fields += 1;
    at = begin + length;
  }
  if (at !== message.length) return 'a message that was cut off';
  if (isBatch && fields !== call.operations) return `${fields} results for ${call.operations} writes`;
  return '';
}

function varint(bytes: Buffer, at: number): [value: number, next: number] {
  let value = 0;
  for (let shift = 0; shift < 32; shift += 7) {
    const byte = bytes[at] ?? 0;
    at += 1;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return [value, at];
}

/** Decodes a sampled response and checks that it says what the call asked for. */
export function inspectResponse(call: PreparedCall, body: Buffer): string {
  const message = body.subarray(FRAME_BYTES);
  switch (call.method) {
    case 'purchase':
      return inspectMovement(PurchaseResponse.decode(message), -1n);
    case 'credit':
      return inspectMovement(CreditResponse.decode(message), 1n);
    case 'transfer':
      return inspectMovement(TransferResponse.decode(message), -1n);
    case 'balance': {
      const { balance } = GetBalanceResponse.decode(message);
      return balance !== undefined && balance.sequence > 0n ? '' : 'a balance of an account without entries';
    }
    case 'page':
      return ListEntriesResponse.decode(message).entries.length > 0 ? '' : 'a page without entries';
    case 'batch':
      return '';
  }
}

function inspectMovement(
  { transaction, balance }: { transaction?: Transaction | undefined; balance?: object | undefined },
  change: bigint,
): string {
  if (transaction === undefined || balance === undefined) return 'a movement without transaction or balance';
  const [first, second, ...more] = transaction.entries;
  if (first === undefined || second === undefined || more.length > 0) return 'a movement without two entries';
  if (first.change + second.change !== 0n) return 'a movement that does not sum to zero';
  return first.change === change ? '' : `a change of ${first.change} in place of ${change}`;
}
