import { setMaxListeners } from 'node:events';
import type { AttemptFailure } from './attempt-failure';

/** One call, ready to be sent as often as it takes: its bytes, and so its request id, never change. */
export interface Call<Response> {
  /** The client's method, for errors. */
  readonly method: string;
  readonly path: string;
  readonly bytes: Buffer;
  readonly decode: (bytes: Buffer) => Response;
}

/** A call with one response. */
export interface UnaryCall<Response> extends Call<Response> {
  readonly isWrite: boolean;
  /** The write's; undefined for reads. */
  readonly requestId: string | undefined;
}

/** What a call that succeeded ends with. */
export interface CallResult<Response> {
  readonly response: Response;
  /** Whether this is the stored response of an earlier attempt. */
  readonly replayed: boolean;
  /** Where the ledger's history was with this outcome; undefined when the server did not say. */
  readonly position: string | undefined;
}

/** How calls of a kind travel together. */
export interface Lane {
  takes(call: UnaryCall<unknown>): boolean;
  /** Makes an attempt together with those of other calls; undefined: it is to be made by itself. */
  attempt<Response>(
    call: UnaryCall<Response>,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<CallResult<Response> | AttemptFailure | undefined>;
  /** Says that an attempt is made by itself; the result says that it has ended. */
  goesAlone(): () => void;
}

/** Runs `listener` on an abort; the result takes it off again. */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return () => undefined;
  // Any number of calls may share a signal, such as that of a shutdown: no leak to warn of.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', listener);
  return () => {
    signal.removeEventListener('abort', listener);
  };
}

/** For grpc-js, which wants a serializer: the bytes are made once per call, not once per attempt. */
export function asIs(bytes: Buffer): Buffer {
  return bytes;
}
