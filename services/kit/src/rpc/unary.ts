import { Metadata, status as GrpcCode, type handleUnaryCall } from '@grpc/grpc-js';
import { Status } from '@ledger/proto/google/rpc/status';
import { wireCheck } from './wire-check';
import { contextOf, type CallContext, decodeRequest, type Decode } from './incoming-call';
import type { CallLog, CallNames, CallRecord } from './call-log';
import type { CallResult } from './call-result';
import { isOver, resultOfAbandoned, resultOfError, type ErrorPolicy } from './error-policy';
import { shortened, TEXT_MAX_BYTES } from './shortened';

/** One rpc: how its request is read and what is done. Errors for the caller are thrown as CallError. */
export interface UnaryMethod<Request> {
  /** Full name of the service and the rpc: `ledger.v1.LedgerService/Credit`. */
  readonly path: string;
  readonly decode: Decode<Request>;
  /** Its `decode` makes no objects of what is in its lists: they are not counted before it. */
  readonly countsItself?: true;
  /** Called before the request is read: throws a CallError when it is not to be taken in, which then costs little. */
  readonly admit?: (context: CallContext) => void;
  /** Resolves to the encoded response, or to a result that was stored. */
  readonly handle: (request: Request, context: CallContext) => Promise<Buffer | CallResult>;
  /** Names that are logged besides the field `requestId`, which always is. */
  readonly names?: (request: Request) => CallNames;
}

/** What the calls of a server share. */
export interface CallSettings<Reason extends string> {
  readonly log: CallLog;
  readonly errors: ErrorPolicy<Reason>;
}

/** The one bridge from async functions to unary calls of grpc-js: deadline, errors, replay flag, log line. */
export function unaryHandler<Request, Reason extends string>(
  { path, decode, countsItself, admit, handle, names }: UnaryMethod<Request>,
  { log, errors }: CallSettings<Reason>,
): handleUnaryCall<Buffer, Buffer> {
  const check = countsItself === true ? undefined : wireCheck(`/${path}`);
  return (call, callback) => {
    const started = performance.now();
    const context = contextOf(call);
    const { peer } = context;
    const timeoutMs = log.detailed ? timeoutOf(context) : undefined;
    let requestId: string | undefined;
    let otherNames: CallNames | undefined;
    const run = async (): Promise<Buffer | CallResult> => {
      admit?.(context);
      const request = decodeRequest(decode, call.request, check);
      requestId = requestIdOf(request);
      otherNames = names === undefined ? undefined : shortenedNames(names(request));
      return handle(request, context);
    };
    void run()
      .then(resultOf, (error: unknown) =>
        call.cancelled || isOver(context.deadline)
          ? resultOfAbandoned(error, context.deadline, errors, log)
          : resultOfError(error, errors, log),
      )
      .then((result) => {
        if (result.replayed || result.headers !== undefined) call.sendMetadata(initialMetadata(result));
        if (result.code === 0) callback(null, result.bytes);
        else callback(grpcError(result));
        const record = {
          method: path,
          code: codeName(result.code),
          reason: result.reason === '' ? undefined : result.reason,
          requestId,
          durationMs: millisecondsSince(started),
          batchSize: result.batchSize,
          replayed: result.replayed ? (true as const) : undefined,
          peer,
        };
        const details = log.detailed ? detailsOf(call.request, result, timeoutMs) : undefined;
        log.call(
          otherNames === undefined && details === undefined
            ? record
            : { ...record, ...otherNames, ...details },
        );
      })
      .catch((error: unknown) => log.fault('an answer could not be sent', error));
  };
}

/** How long the caller would wait from now on. */
function timeoutOf({ deadline }: CallContext): number | undefined {
  return deadline === Infinity ? undefined : Math.round(deadline - Date.now());
}

function detailsOf(request: Buffer, result: CallResult, timeoutMs: number | undefined): Partial<CallRecord> {
  return { requestBytes: request.length, responseBytes: result.bytes.length, timeoutMs };
}

/** An error result as grpc-js sends it. */
export function grpcError({ code, bytes, retryAfterMs }: CallResult): {
  code: number;
  details: string;
  metadata: Metadata;
} {
  const metadata = new Metadata();
  if (bytes.length > 0) metadata.set('grpc-status-details-bin', bytes);
  // What retries by a policy of its channel reads no details.
  if (retryAfterMs !== undefined) metadata.set('grpc-retry-pushback-ms', retryAfterMs.toString());
  return { code, details: bytes.length > 0 ? Status.decode(bytes).message : '', metadata };
}

/** The name of a gRPC status code. */
export function codeName(code: number): string {
  return GrpcCode[code] ?? code.toString();
}

/** To the microsecond. */
export function millisecondsSince(started: number): number {
  return Math.round((performance.now() - started) * 1000) / 1000;
}

function resultOf(reply: Buffer | CallResult): CallResult {
  if (!Buffer.isBuffer(reply)) return reply;
  return { code: 0, reason: '', bytes: reply, replayed: false };
}

/** Tells the caller what stands beside the answer, and when it gets the result of an earlier call. */
function initialMetadata({ replayed, headers = {} }: CallResult): Metadata {
  const metadata = new Metadata();
  for (const name in headers) metadata.set(name, headers[name] ?? '');
  if (replayed) metadata.set('ledger-replayed', 'true');
  return metadata;
}

/** The request id of a write, for the log. */
export function requestIdOf(request: unknown): string | undefined {
  if (typeof request !== 'object' || request === null || !('requestId' in request)) return undefined;
  if (typeof request.requestId !== 'string') return undefined;
  // One that is too long is refused and still logged, as far as it may go.
  return shortened(request.requestId, TEXT_MAX_BYTES.logged);
}

function shortenedNames(names: CallNames): CallNames {
  return Object.fromEntries(
    Object.entries(names).map(([key, name]: [string, string | undefined]) => [
      key,
      name === undefined ? undefined : shortened(name, TEXT_MAX_BYTES.logged),
    ]),
  );
}
