import type { EventEmitter } from 'node:events';
import type { Metadata, ServerUnaryCall } from '@grpc/grpc-js';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { CallError } from './call-error';
import type { WireCheck } from './wire-check';

/** What calls of every kind have. */
type ServerCall = Pick<EventEmitter, 'on'> &
  Pick<ServerUnaryCall<Buffer, Buffer>, 'cancelled' | 'metadata' | 'getDeadline' | 'getPeer'> & {
    /** Of a call with one request. */
    readonly request?: Buffer;
  };

/** What a handler may ask of its call. */
export interface CallContext {
  /** When the caller stops waiting, in milliseconds since 1970; Infinity: never. */
  readonly deadline: number;
  readonly isCancelled: () => boolean;
  /** The other end of the connection: whose turn the call takes in a queue. */
  readonly peer: string;
  /** The size of the request; 0 of a stream of requests. */
  readonly requestBytes: number;
  /** The headers of the caller. */
  readonly metadata: Metadata;
  /** Aborted when the caller has left, when its deadline has passed, and for a stream also when the server stops. */
  readonly signal: AbortSignal;
}

/** The context of a call; `signal` is given for calls that end for more reasons than their caller's. */
export function contextOf(call: ServerCall, signal?: AbortSignal): CallContext {
  return new GrpcCallContext(call, signal ?? null);
}

class GrpcCallContext implements CallContext {
  readonly deadline: number;
  readonly peer: string;
  readonly requestBytes: number;
  readonly isCancelled = (): boolean => this.call.cancelled;

  constructor(
    private readonly call: ServerCall,
    private ownSignal: AbortSignal | null,
  ) {
    this.peer = call.getPeer();
    this.requestBytes = call.request?.length ?? 0;
    const deadline = call.getDeadline();
    this.deadline = deadline instanceof Date ? deadline.getTime() : deadline;
  }

  get metadata(): Metadata {
    return this.call.metadata;
  }

  // Made when a handler asks for it: most never do.
  get signal(): AbortSignal {
    this.ownSignal ??= signalOf(this.call);
    return this.ownSignal;
  }
}

function signalOf(call: ServerCall): AbortSignal {
  const left = new AbortController();
  if (call.cancelled) left.abort();
  else call.on('cancelled', () => left.abort());
  return left.signal;
}

/** How a kind of request is read from its bytes. */
export type Decode<Request> = (bytes: BinaryReader) => Request;

/**
 * Reads a request.
 *
 * @param check of its bytes, before they are decoded
 * @throws CallError INVALID_FIELD when the bytes are not a message of this kind
 */
export function decodeRequest<Request>(
  decode: Decode<Request>,
  bytes: Uint8Array,
  check?: WireCheck,
): Request {
  try {
    check?.(bytes);
    const reader = new StrictReader(bytes);
    const request = decode(reader);
    if (reader.pos !== reader.len)
      throw new RangeError(`the message ends at ${reader.pos} of ${reader.len} bytes`);
    return request;
  } catch (error) {
    if (error instanceof CallError) throw error;
    const description = 'is not a message of this method';
    const violations = [{ field: '', description }];
    throw new CallError('INVALID_FIELD', `the request ${description}`, { violations, cause: error });
  }
}

/** Text that is not UTF-8 makes no message, says proto3; the library's reader would put U+FFFD there. */
class StrictReader extends BinaryReader {
  override string(): string {
    return super.string(true);
  }
}
