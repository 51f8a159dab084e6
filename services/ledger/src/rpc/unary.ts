import { BinaryReader } from '@bufbuild/protobuf/wire';
import { Metadata, status as GrpcCode, type Deadline, type handleUnaryCall } from '@grpc/grpc-js';
import { Rejection, type Answer } from '../engine/answer';
import { sqlFault, sqlState } from '../store/sql-state';
import { Status } from '@ledger/proto/google/rpc/status';
import type { CallLog } from './call-log';
import { CallError, type ErrorFacts as Facts } from '@ledger/kit/rpc/call-error';
import { errorCodec, type Reason } from '../mapping/status';

type ErrorFacts = Facts<Reason>;

/** A part of the contract that is not served yet. */
export class Unimplemented extends Error {
  override readonly name = 'Unimplemented';
}

/** What a handler may ask of its call. */
export interface CallContext {
  /** When the caller stops waiting, in milliseconds since 1970; Infinity: never. */
  readonly deadline: number;
  readonly isCancelled: () => boolean;
}

/** What a handler answers: the encoded response, or a stored outcome. */
export type Reply = Buffer | Answer;

/** One rpc: how its request is read and what is done. Errors are thrown as CallError or Rejection. */
export interface UnaryMethod<Request> {
  readonly path: string;
  readonly decode: (bytes: BinaryReader) => Request;
  readonly handle: (request: Request, context: CallContext) => Promise<Reply>;
}

/** How a call ended. */
export interface Ending {
  readonly code: GrpcCode;
  readonly reason: string;
  /** A response, or a google.rpc.Status. */
  readonly bytes: Buffer;
  readonly answer: Answer | null;
}

const NO_DETAILS = Buffer.alloc(0);
const REQUEST_ID_LOGGED_MAX = 128;

/** The one bridge between async functions and grpc-js: deadline, error mapping, replay flag, log line. */
export function unaryHandler<Request>(
  method: UnaryMethod<Request>,
  log: CallLog,
): handleUnaryCall<Buffer, Buffer> {
  return (call, callback) => {
    const started = performance.now();
    let requestId: string | undefined;
    const run = async (): Promise<Reply> => {
      const request = decode(method, call.request);
      requestId = requestIdOf(request);
      return method.handle(request, contextOf(call));
    };
    void run()
      .then(endingOfReply, (error: unknown) => endingOfError(error, log))
      .then((ending) => {
        if (ending.answer?.replayed === true) call.sendMetadata(replayedMetadata());
        if (ending.code === GrpcCode.OK) callback(null, ending.bytes);
        else callback(serviceError(ending));
        log.call({
          method: method.path,
          code: GrpcCode[ending.code],
          reason: ending.reason === '' ? undefined : ending.reason,
          requestId,
          durationMs: Math.round((performance.now() - started) * 1000) / 1000,
          batchSize: ending.answer?.batchSize,
          replayed: ending.answer?.replayed === true ? true : undefined,
        });
      })
      .catch((error: unknown) => log.fault('an answer could not be sent', error));
  };
}

/** Text that is no UTF-8 makes no message, says proto3; the library's reader would put U+FFFD there. */
class StrictReader extends BinaryReader {
  override string(): string {
    return super.string(true);
  }
}

/** Reads a request; what is none gets a typed error. */
export function decode<Request>(method: Pick<UnaryMethod<Request>, 'decode'>, bytes: Buffer): Request {
  try {
    const reader = new StrictReader(bytes);
    const request = method.decode(reader);
    if (reader.pos !== reader.len)
      throw new RangeError(`the message ends at ${reader.pos} of ${reader.len} bytes`);
    return request;
  } catch (error) {
    const description = 'is not a message of this method';
    const violations = [{ field: '', description }];
    throw new CallError<Reason>('INVALID_FIELD', `the request ${description}`, { violations, cause: error });
  }
}

/** What a handler may ask of a call, unary or not. */
export function contextOf(call: { readonly cancelled: boolean; getDeadline(): Deadline }): CallContext {
  const deadline = call.getDeadline();
  return {
    deadline: deadline instanceof Date ? deadline.getTime() : deadline,
    isCancelled: () => call.cancelled,
  };
}

function endingOfReply(reply: Reply): Ending {
  if (Buffer.isBuffer(reply)) return { code: GrpcCode.OK, reason: '', bytes: reply, answer: null };
  return { code: reply.code, reason: reply.reason, bytes: reply.bytes, answer: reply };
}

/** The one way from an error to how its call ends. */
export function endingOfError(error: unknown, log: CallLog): Ending {
  if (error instanceof Rejection && error.reason === 'CANCELLED') {
    return { code: GrpcCode.CANCELLED, reason: '', bytes: NO_DETAILS, answer: null };
  }
  if (error instanceof Unimplemented) {
    return { code: GrpcCode.UNIMPLEMENTED, reason: '', bytes: NO_DETAILS, answer: null };
  }
  return { ...errorCodec.encode(factsOf(error, log)), answer: null };
}

/** What a caller may know of an error; the rest goes to the log. */
function factsOf(error: unknown, log: CallLog): ErrorFacts {
  if (error instanceof CallError && errorCodec.knows(error)) return error;
  if (error instanceof Rejection && error.reason !== 'CANCELLED') {
    if (error.reason === 'INTERNAL') return internal;
    return { reason: error.reason, message: error.message, metadata: error.metadata };
  }
  // A statement that ran into the time limit that the caller's deadline gave it.
  if (sqlState(error) === QUERY_CANCELED) {
    return { reason: 'NOT_STARTED', message: 'the deadline passed before the answer was there' };
  }
  log.fault('a call failed', error);
  if (sqlFault(error) === 'unavailable') {
    return { reason: 'STORE_UNAVAILABLE', message: 'the database is away' };
  }
  return internal;
}

const QUERY_CANCELED = '57014';
const internal: ErrorFacts = { reason: 'INTERNAL', message: 'internal error; the cause is in the log' };

/** An ending as grpc-js sends it. */
export function serviceError({ code, bytes }: Ending): {
  code: GrpcCode;
  details: string;
  metadata: Metadata;
} {
  const metadata = new Metadata();
  if (bytes.length > 0) metadata.set('grpc-status-details-bin', bytes);
  return { code, details: bytes.length > 0 ? Status.decode(bytes).message : '', metadata };
}

function replayedMetadata(): Metadata {
  const metadata = new Metadata();
  metadata.set('ledger-replayed', 'true');
  return metadata;
}

function requestIdOf(request: unknown): string | undefined {
  if (typeof request !== 'object' || request === null || !('requestId' in request)) return undefined;
  if (typeof request.requestId !== 'string') return undefined;
  // One that is too long is refused and still logged, as far as it may go.
  return request.requestId.slice(0, REQUEST_ID_LOGGED_MAX);
}
