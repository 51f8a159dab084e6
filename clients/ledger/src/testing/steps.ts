import { Metadata, status } from '@grpc/grpc-js';
import { ErrorInfo, RetryInfo } from '@ledger/proto/google/rpc/error_details';
import { Status } from '@ledger/proto/google/rpc/status';
import type { ErrorReasonName } from '../error-details';
import { REASONS } from '../reasons';
import type { RequestOf, ResponseOf, RpcName } from '../rpc-types';
import type { PartialMessage } from './scripted-rpcs';

/** What the scripted ledger does with one call. A function of your own may look at the request before it decides. */
export type Step<Rpc extends RpcName = RpcName> = (call: ScriptedCall<Rpc>) => void;

/** One attempt of the client as the scripted ledger sees it. */
export interface ScriptedCall<Rpc extends RpcName = RpcName> {
  readonly rpc: Rpc;
  readonly request: RequestOf<Rpc>;
  readonly metadata: Metadata;
  /** The milliseconds that the client gave this attempt; Infinity without a deadline. */
  readonly deadlineMs: number;
  /** Aborted when the client gives the attempt up. */
  readonly cancelled: AbortSignal;
  /** Sends headers. Without a call they are sent with the first message or the end. */
  sendHeaders(headers: Metadata): void;
  /** Sends a response, or one message of a stream. Fields that are left out get their default. */
  send(message: PartialMessage<ResponseOf<Rpc>>): void;
  /** Ends the call: with OK, or with another status. */
  end(failure?: CallFailure): void;
}

/** A gRPC status other than OK. */
export interface CallFailure {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

/** What comes with a response. */
export interface ReplyParts {
  /** Whether it is the stored response of an earlier attempt. */
  readonly replayed?: boolean;
  /** What the header `ledger-position` says. */
  readonly position?: string;
}

/** Sends a response. With `replayed`, as the stored response of an earlier attempt. */
export function replies<Rpc extends RpcName>(
  response: PartialMessage<ResponseOf<Rpc>>,
  { replayed = false, position }: ReplyParts = {},
): Step<Rpc> {
  return (call) => {
    const headers = replayed ? replayedHeader() : new Metadata();
    if (position !== undefined) headers.set('ledger-position', position);
    if (replayed || position !== undefined) call.sendHeaders(headers);
    call.send(response);
    call.end();
  };
}

/** Sends messages of a stream, then ends it, or takes the step `then`. */
export function sends<Rpc extends RpcName>(
  messages: readonly PartialMessage<ResponseOf<Rpc>>[],
  then: Step<Rpc> = (call) => call.end(),
): Step<Rpc> {
  return (call) => {
    for (const message of messages) call.send(message);
    then(call);
  };
}

/** The parts of a failure besides its code. */
export interface FailureParts {
  readonly message?: string;
  /** The pairs of the `google.rpc.ErrorInfo`, such as `{ available: '3' }`. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** What the `google.rpc.RetryInfo` asks for. */
  readonly retryDelayMs?: number;
  /** Marks the failure as the stored outcome of an earlier attempt: in headers of their own, or in the trailers. */
  readonly replayed?: 'headers' | 'trailers';
}

/** Refuses a call as the ledger does: with a reason, its gRPC status and its `google.rpc` details. */
export function refuses(reason: ErrorReasonName, parts: FailureParts = {}): Step {
  return fails(REASONS[reason].code, { ...parts, trailer: encodeDetails(reason, parts) });
}

/** Fails a call with a status, by its number or its name, such as `UNAVAILABLE`. It has no reason of the ledger, as when a proxy or the network fails. */
export function fails(
  code: status | keyof typeof status,
  parts: Pick<FailureParts, 'message' | 'replayed'> & {
    /** The bytes of `grpc-status-details-bin`. */
    readonly trailer?: Buffer;
  } = {},
): Step {
  return (call) => {
    if (parts.replayed === 'headers') call.sendHeaders(replayedHeader());
    const metadata = parts.replayed === 'trailers' ? replayedHeader() : new Metadata();
    if (parts.trailer !== undefined) metadata.set('grpc-status-details-bin', parts.trailer);
    call.end({
      code: typeof code === 'string' ? status[code] : code,
      details: parts.message ?? '',
      metadata,
    });
  };
}

/** Receives the request and never answers. */
export function staysSilent(): Step {
  return () => undefined;
}

/** The bytes of the `google.rpc.Status` that the ledger sends with a reason. */
export function encodeDetails(reason: ErrorReasonName, parts: FailureParts = {}): Buffer {
  const { metadata = {}, retryDelayMs, message = '' } = parts;
  const errorInfo = { reason, domain: 'ledger.v1', metadata: new Map(Object.entries(metadata)) };
  const details = [anyOf('ErrorInfo', ErrorInfo.encode(errorInfo).finish())];
  if (retryDelayMs !== undefined) {
    const retryDelay = {
      seconds: BigInt(Math.floor(retryDelayMs / 1_000)),
      nanos: (retryDelayMs % 1_000) * 1e6,
    };
    details.push(anyOf('RetryInfo', RetryInfo.encode({ retryDelay }).finish()));
  }
  return Buffer.from(Status.encode({ code: REASONS[reason].code, message, details }).finish());
}

function anyOf(type: string, value: Uint8Array): { typeUrl: string; value: Buffer } {
  return { typeUrl: `type.googleapis.com/google.rpc.${type}`, value: Buffer.from(value) };
}

function replayedHeader(): Metadata {
  const metadata = new Metadata();
  metadata.set('ledger-replayed', 'true');
  return metadata;
}
