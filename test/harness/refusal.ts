import { status } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo } from '@ledger/proto/google/rpc/error_details';
import { Status } from '@ledger/proto/google/rpc/status';
import type { RawAnswer } from './raw-client';

/** An error with all that a caller can read from it. */
export interface Refusal {
  /** Name of the gRPC status code; `OK` when it is no error at all. */
  readonly code: string;
  readonly message: string;
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** What BadRequest names. */
  readonly fields: readonly string[];
  /** Names of the details, such as `ErrorInfo`. */
  readonly details: readonly string[];
}

/** Reads an error from the wire. */
export function refusalOf(answer: RawAnswer): Refusal {
  const code = status[answer.code] ?? `CODE_${answer.code}`;
  const nothing = { reason: '', domain: '', metadata: {}, fields: [], details: [] };
  if (answer.code === 0 || answer.bytes === 'none') return { code, message: answer.message, ...nothing };
  const { details, ...trailer } = Status.decode(Buffer.from(answer.bytes, 'hex'));
  const types = details.map(({ typeUrl }) => typeUrl.replace('type.googleapis.com/google.rpc.', ''));
  const detail = (type: string): Buffer => details[types.indexOf(type)]?.value ?? Buffer.alloc(0);
  const { reason, domain, metadata } = ErrorInfo.decode(detail('ErrorInfo'));
  const { fieldViolations } = BadRequest.decode(detail('BadRequest'));
  if (trailer.code !== answer.code || trailer.message !== answer.message) {
    throw new Error(`the details speak of ${trailer.code} ${trailer.message}, the status of ${answer.code}`);
  }
  return {
    ...{ code, message: trailer.message, reason, domain, metadata: Object.fromEntries(metadata) },
    ...{ fields: fieldViolations.map(({ field }) => field), details: types },
  };
}
