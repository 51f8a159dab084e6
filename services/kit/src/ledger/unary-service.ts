import type { ServiceDefinition } from '@grpc/grpc-js';
import type { BinaryReader } from '@bufbuild/protobuf/wire';
import type { CallOptions } from '@ledger/client';
import type { CallContext } from '../rpc/incoming-call';
import type { CallNames } from '../rpc/call-log';
import { requestCheck } from '../rpc/request-check';
import { serveBytes, type ServedService } from '../rpc/served-service';
import { unaryHandler, type CallSettings } from '../rpc/unary';

/** What a handler may ask of its call. */
export interface Call extends CallContext {
  /** For calls to the ledger: they end when the caller's deadline passes or when it hangs up. */
  ledgerOptions(): CallOptions;
}

/** A handler for each method of a generated service definition, with the types of its messages. */
export type Handlers<Definition> = { readonly [Name in keyof Definition]: Handler<Definition[Name]> };

type Handler<Method> = Method extends {
  requestDeserialize: (bytes: Buffer) => infer Request;
  responseSerialize: (response: infer Response) => Buffer;
}
  ? (request: Request, call: Call) => Promise<Response>
  : never;

/** What the calls of a service on the ledger share. */
export interface ServiceContext<Reason extends string> extends CallSettings<Reason> {
  /** The budget of a call to the ledger without a deadline of its caller. */
  readonly ledgerTimeoutMs: number;
}

/**
 * Joins a service that ts-proto generated (`outputServices=grpc-js`) with its handlers. Each request is checked by the
 * rules of the contract before its handler sees it. What a handler throws goes to the caller when it is a CallError or
 * an outage, and only to the log otherwise.
 */
export function unaryService<Definition extends ServiceDefinition, Reason extends string>(
  definition: Definition,
  handlers: Handlers<Definition>,
  context: ServiceContext<Reason>,
): ServedService {
  // The mapped type above is what holds the two together.
  const untyped = handlers as unknown as Readonly<Record<string, UntypedHandler>>;
  const methods = Object.entries<ServiceDefinition[string]>(definition).map(([name, method]) => {
    const handle = untyped[name];
    if (handle === undefined) throw new TypeError(`${method.path} has no handler`);
    return [name, methodHandler(method, handle, context)] as const;
  });
  return serveBytes(definition, Object.fromEntries(methods));
}

type UntypedHandler = (request: unknown, call: Call) => Promise<unknown>;

function methodHandler<Reason extends string>(
  { path, requestDeserialize, responseSerialize }: ServiceDefinition[string],
  handle: UntypedHandler,
  context: ServiceContext<Reason>,
): ReturnType<typeof unaryHandler> {
  const check = requestCheck(path);
  return unaryHandler(
    {
      path: path.slice(1),
      decode: (reader) => requestDeserialize(asBytes(reader)) as Record<string, unknown>,
      names: namesOf,
      handle: async (request, call) => {
        check(request);
        return responseSerialize(await handle(request, callOf(call, context.ledgerTimeoutMs)));
      },
    },
    context,
  );
}

/** A generated `requestDeserialize` hands what it gets to `decode`, which takes a reader as well as bytes. */
function asBytes(reader: BinaryReader): Buffer {
  return reader as unknown as Buffer;
}

function callOf(context: CallContext, ledgerTimeoutMs: number): Call {
  const { peer, requestBytes, deadline, isCancelled, metadata, signal } = context;
  return {
    ...{ peer, requestBytes, deadline, isCancelled, metadata, signal },
    ledgerOptions: () => ({
      timeoutMs: Math.max(0, Math.min(ledgerTimeoutMs, deadline - Date.now())),
      signal,
    }),
  };
}

const NAMES = ['idempotencyKey', 'orderId', 'cartId', 'resetId', 'visitId'] as const;

/** Those that the request has. */
function namesOf(request: Readonly<Record<string, unknown>>): CallNames {
  const given = NAMES.map((name) => [name, request[name]] as const);
  return Object.fromEntries(given.filter(([, value]) => typeof value === 'string' && value !== ''));
}
