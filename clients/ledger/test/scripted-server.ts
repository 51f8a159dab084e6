import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { ErrorReasonName } from '../src/error-details';
import { ErrorInfo, RetryInfo } from '@ledger/proto/google/rpc/error_details';
import { Status } from '@ledger/proto/google/rpc/status';
import { AccountServiceService } from '@ledger/proto/ledger/v1/account_service';
import { CatalogServiceService } from '@ledger/proto/ledger/v1/catalog_service';
import { LedgerServiceService } from '@ledger/proto/ledger/v1/ledger_service';

/** All rpcs of the ledger. */
export const definitions = { ...LedgerServiceService, ...CatalogServiceService, ...AccountServiceService };

/** One attempt of a unary call as the server sees it. */
export interface Attempt {
  readonly method: string;
  readonly request: Readonly<Record<string, unknown>>;
  readonly metadata: Metadata;
  /** How long the client gives it. */
  readonly deadlineMs: number;
  readonly call: ServerUnaryCall<Record<string, unknown>, unknown>;
  readonly answer: sendUnaryData<unknown>;
}

/** What the server does with one attempt. */
export type Step = (attempt: Attempt) => void;

/** A stream as the server sees it. */
export type ServedStream = ServerWritableStream<Record<string, unknown>, unknown>;

/** What the server does with one opened stream. */
export type StreamStep = (stream: ServedStream) => void;

/** Attempts and streams take one step each, in the order of arrival; past the end the server refuses. */
export interface Script {
  readonly unary?: Readonly<Record<string, readonly Step[]>>;
  readonly streams?: Readonly<Record<string, readonly StreamStep[]>>;
}

/** A real gRPC server on a free port. */
export class ScriptedServer {
  /** Every unary attempt, in the order of arrival. */
  readonly attempts: Attempt[] = [];
  readonly #server = new Server();
  readonly #script: Script;
  #address = '';

  private constructor(script: Script) {
    this.#script = script;
  }

  static async start(script: Script): Promise<ScriptedServer> {
    const started = new ScriptedServer(script);
    for (const service of [LedgerServiceService, CatalogServiceService, AccountServiceService]) {
      const handlers: UntypedServiceImplementation = {};
      for (const [method, { responseStream }] of Object.entries(service)) {
        handlers[method] = responseStream ? started.#serveStream(method) : started.#serveUnary(method);
      }
      started.#server.addService(service, handlers);
    }
    const port = await new Promise<number>((resolve, reject) => {
      started.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    started.#address = `127.0.0.1:${port}`;
    return started;
  }

  get address(): string {
    return this.#address;
  }

  /** Cuts every connection; new ones are welcome. */
  dropConnections(): void {
    this.#server.drain(this.#address, 0);
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  #serveUnary(method: string) {
    const steps = [...(this.#script.unary?.[method] ?? [])];
    return (call: ServerUnaryCall<Record<string, unknown>, unknown>, answer: sendUnaryData<unknown>) => {
      const deadlineMs = Number(call.getDeadline()) - Date.now();
      const attempt = { method, request: call.request, metadata: call.metadata, deadlineMs, call, answer };
      this.attempts.push(attempt);
      (steps.shift() ?? fails(status.FAILED_PRECONDITION, { text: 'the script is over' }))(attempt);
    };
  }

  #serveStream(method: string) {
    const steps = [...(this.#script.streams?.[method] ?? [])];
    return (stream: ServedStream) => {
      (steps.shift() ?? breaks(status.FAILED_PRECONDITION))(stream);
    };
  }
}

/** Answers. */
export function replies(response: object, { replayed = false } = {}): Step {
  return ({ call, answer }) => {
    if (replayed) call.sendMetadata(replayHeader());
    answer(null, response);
  };
}

/** What an error carries. */
export interface ErrorParts {
  readonly text?: string;
  readonly reason?: ErrorReasonName;
  readonly metadata?: Record<string, string>;
  readonly retryDelayMs?: number;
  /** Where it says so: in headers of their own, or in the trailers when there is nothing else. */
  readonly replayed?: 'headers' | 'trailers';
  /** Instead of details made of the above. */
  readonly trailer?: Buffer;
}

/** Answers with an error. Without a reason it has no details, like one of the transport. */
export function fails(code: status, parts: ErrorParts = {}): Step {
  return ({ call, answer }) => {
    if (parts.replayed === 'headers') call.sendMetadata(replayHeader());
    const metadata = parts.replayed === 'trailers' ? replayHeader() : new Metadata();
    const trailer = parts.trailer ?? (parts.reason === undefined ? undefined : encodeDetails(code, parts));
    if (trailer !== undefined) metadata.set('grpc-status-details-bin', trailer);
    answer({ code, details: parts.text ?? '', metadata });
  };
}

/** Takes the request and never answers. */
export function staysSilent(): Step {
  return () => undefined;
}

/** Breaks a stream off with a status of the transport. */
export function breaks(code: status): StreamStep {
  return (stream) => stream.emit('error', { code, details: '', metadata: new Metadata() });
}

/** The `google.rpc.Status` of an error, as the ledger sends it. */
export function encodeDetails(code: status, parts: ErrorParts): Buffer {
  const { reason = '', metadata = {}, retryDelayMs, text = '' } = parts;
  const details = [
    {
      typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo',
      value: Buffer.from(
        ErrorInfo.encode({
          reason,
          domain: 'ledger.v1',
          metadata: new Map(Object.entries(metadata)),
        }).finish(),
      ),
    },
  ];
  if (retryDelayMs !== undefined) {
    const retryDelay = { seconds: 0n, nanos: retryDelayMs * 1_000_000 };
    details.push({
      typeUrl: 'type.googleapis.com/google.rpc.RetryInfo',
      value: Buffer.from(RetryInfo.encode({ retryDelay }).finish()),
    });
  }
  return Buffer.from(Status.encode({ code, message: text, details }).finish());
}

function replayHeader(): Metadata {
  const metadata = new Metadata();
  metadata.set('ledger-replayed', 'true');
  return metadata;
}
