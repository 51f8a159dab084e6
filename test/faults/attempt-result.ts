import { BinaryReader } from '@bufbuild/protobuf/wire';
import { status } from '@grpc/grpc-js';
import { LedgerError } from '@ledger/client';
import { Status } from '@ledger/proto/google/rpc/status';
import type { RawAnswer } from '../harness/raw-client';

/** A final response: every repeat of the write must get exactly these bytes. */
export interface FinalResponse {
  /** gRPC status code. */
  readonly code: number;
  /** The response, or the google.rpc.Status of a refusal, as hex. */
  readonly bytes: string;
}

/** The result of one attempt to send a write. */
export type AttemptResult =
  | { readonly answer: FinalResponse; readonly replayed: boolean }
  /** No final response: the write may have been booked or not. */
  | { readonly answer: undefined; readonly error: LedgerError };

/** Codes of writes that the ledger decided and refused. These are final responses. */
const REFUSED: readonly number[] = [
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.FAILED_PRECONDITION,
  status.ABORTED,
  status.OUT_OF_RANGE,
];

/** Codes that the transport sets when a response is lost. */
const LOST: readonly number[] = [
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.CANCELLED,
  status.INTERNAL,
];

/** Field numbers in ledger.v1.BatchWriteResult that are not a response. */
const ERROR_FIELD = 9;
const REPLAYED_FIELD = 10;

/** Interprets what came over the wire. */
export function attemptResultOf({ code, message, bytes, replayed }: RawAnswer): AttemptResult {
  if (code === status.OK || REFUSED.includes(code)) {
    return { answer: { code, bytes }, replayed: replayed === 'true' };
  }
  const about = { method: 'write' };
  const error =
    bytes === 'none'
      ? new LedgerError({ ...about, code, text: message })
      : LedgerError.fromStatus(Status.decode(Buffer.from(bytes, 'hex')), about);
  return { answer: undefined, error };
}

/**
 * The results of the writes in a batch, from the bytes of its response: each is what the write would have got on its
 * own. The bytes are taken as they are, because decoding and encoding would hide differences.
 */
export function attemptResultsOfBatch({ bytes }: FinalResponse): AttemptResult[] {
  const reader = new BinaryReader(Buffer.from(bytes, 'hex'));
  const results: AttemptResult[] = [];
  while (reader.pos < reader.len) {
    reader.tag();
    results.push(attemptResultOf(resultOf(reader.bytes())));
  }
  return results;
}

/**
 * Whether an error is allowed while a server or its database is down: one from the transport, or one by which the
 * ledger says that the outcome is unknown or that nothing was booked. All others, such as INTERNAL, are violations.
 */
export function isExpectedDuringFault({ code, reason }: LedgerError): boolean {
  switch (reason) {
    case undefined:
      return LOST.includes(code);
    case 'STORE_UNAVAILABLE':
    case 'NOT_STARTED':
    case 'OVERLOADED':
      return true;
    default:
      return false;
  }
}

function resultOf(result: Uint8Array): RawAnswer {
  const reader = new BinaryReader(result);
  let answer = { code: 0, message: '', bytes: 'none' };
  let replayed = false;
  while (reader.pos < reader.len) {
    const [field] = reader.tag();
    if (field === REPLAYED_FIELD) replayed = reader.bool();
    else {
      const content = reader.bytes();
      const { code, message } = field === ERROR_FIELD ? Status.decode(content) : { code: 0, message: '' };
      answer = { code, message, bytes: Buffer.from(content).toString('hex') };
    }
  }
  return { ...answer, replayed: String(replayed) };
}
