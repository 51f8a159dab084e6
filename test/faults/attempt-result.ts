import { BinaryReader } from '@bufbuild/protobuf/wire';
import { status } from '@grpc/grpc-js';
import { LedgerError } from '@ledger/client';
import { Status } from '@ledger/proto/google/rpc/status';
import type { RawAnswer } from '../harness/raw-client';

/** An answer that stands: a repeat must get these very bytes. */
export interface FinalResponse {
  /** gRPC status code. */
  readonly code: number;
  /** The response, or the google.rpc.Status of a refusal, as hex. */
  readonly bytes: string;
}

/** What came back for a write. */
export type AttemptResult =
  | { readonly answer: FinalResponse; readonly replayed: boolean }
  /** No answer: it may have been booked or not. */
  | { readonly answer: undefined; readonly error: LedgerError };

/** Codes of a write that was looked at and refused: they are answers. */
const REFUSED: readonly number[] = [
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.FAILED_PRECONDITION,
  status.ABORTED,
  status.OUT_OF_RANGE,
];

/** Codes that the transport makes when it loses an answer. */
const LOST: readonly number[] = [
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.CANCELLED,
  status.INTERNAL,
];

/** Numbers of the fields of ledger.v1.BatchWriteResult that are no response. */
const ERROR_FIELD = 9;
const REPLAYED_FIELD = 10;

/** What an answer from the wire means. */
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
 * The results to the writes of a batch, from the bytes of its response: each holds what its write alone would have
 * got. Bytes are taken as they are, since a codec would hide what differs.
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
 * Whether an error may be met while a server or its database dies: the transport's own, or the ledger's word that
 * nothing is known or booked. All others, such as INTERNAL, are faults.
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
