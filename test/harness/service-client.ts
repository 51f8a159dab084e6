import {
  Client,
  credentials,
  Metadata,
  status,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import { BadRequest, ErrorInfo } from '@ledger/proto/google/rpc/error_details';
import { Status } from '@ledger/proto/google/rpc/status';
import { AN_HOUR_MS } from './limits';

/** A call that failed, and what its caller sees of that. */
class CallError extends Error {
  override readonly name = 'CallError';
  /** Name of the gRPC status code. */
  readonly code: string;
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** What BadRequest names. */
  readonly fields: readonly string[];

  constructor(error: ServiceError) {
    super(error.details);
    const [trailer] = error.metadata.get('grpc-status-details-bin');
    const { details } = Status.decode(Buffer.isBuffer(trailer) ? trailer : Buffer.alloc(0));
    const detail = (name: string): Buffer =>
      details.find(({ typeUrl }) => typeUrl.endsWith(`/google.rpc.${name}`))?.value ?? Buffer.alloc(0);
    const info = ErrorInfo.decode(detail('ErrorInfo'));
    this.code = status[error.code];
    this.reason = info.reason;
    this.domain = info.domain;
    this.metadata = Object.fromEntries(info.metadata);
    this.fields = BadRequest.decode(detail('BadRequest')).fieldViolations.map(({ field }) => field);
  }
}

/** The methods of a generated service definition as functions that return promises. */
export type Methods<Definition> = { readonly [Name in keyof Definition]: Method<Definition[Name]> };

type Method<Rpc> = Rpc extends {
  requestSerialize: (request: infer Request) => Buffer;
  responseDeserialize: (bytes: Buffer) => infer Response;
}
  ? (request: Partial<Request>, headers?: Readonly<Record<string, string>>) => Promise<Response>
  : never;

/** A plain client of any service: one attempt a call, no retry. What is left out of a request is sent as its default. */
export class ServiceClient<Definition extends ServiceDefinition> {
  readonly call: Methods<Definition>;
  readonly #client: Client;

  constructor(address: string, definition: Definition) {
    this.#client = new Client(address, credentials.createInsecure());
    const methods = Object.entries<ServiceDefinition[string]>(definition).map(([name, method]) => [
      name,
      (request: object, headers = {}) => this.#send(method, request, headers),
    ]);
    // The type above says which names and messages these are.
    this.call = Object.fromEntries(methods) as Methods<Definition>;
  }

  close(): void {
    this.#client.close();
  }

  #send(rpc: ServiceDefinition[string], request: object, headers: Record<string, string>): Promise<unknown> {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        rpc.path,
        rpc.requestSerialize,
        rpc.responseDeserialize,
        // The generated encoder wants every field; the empty message has the defaults.
        { ...(rpc.requestDeserialize(Buffer.alloc(0)) as object), ...request },
        metadata,
        { deadline: Date.now() + AN_HOUR_MS },
        (error, response) => {
          if (error === null) resolve(response);
          else reject(new CallError(error));
        },
      );
    });
  }
}
