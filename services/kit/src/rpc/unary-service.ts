import {
  status as GrpcCode,
  type handleUnaryCall,
  type Metadata,
  type ServerUnaryCall,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { CallOptions } from '@ledger/client';
import type { Contract } from './contract';
import { errorReply } from './error-status';
import { factsOf } from './service-error';
import type { ServiceLog } from '../server/service-log';

/** What a handler may ask of its call. */
export interface Call {
  /** The headers of the caller. */
  readonly metadata: Metadata;
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

/** A service as grpc-js registers it. */
export interface ServedService {
  /** Its full name: `peepcoins.v1.PeepcoinsService`. */
  readonly name: string;
  readonly definition: ServiceDefinition;
  implement(surroundings: Surroundings): UntypedServiceImplementation;
}

/** What the calls of a service share. */
export interface Surroundings {
  readonly contract: Contract;
  readonly log: ServiceLog;
  /** The budget of a call to the ledger without a deadline of its caller. */
  readonly ledgerTimeoutMs: number;
}

/**
 * Joins a service that ts-proto generated (`outputServices=grpc-js`) with its handlers. Each request is checked by the
 * rules of the contract before its handler sees it. What a handler throws goes to the caller when it is a ServiceError
 * or an outage, and only to the log otherwise.
 */
export function unaryService<Definition extends ServiceDefinition>(
  definition: Definition,
  handlers: Handlers<Definition>,
): ServedService {
  const methods = Object.entries<ServiceDefinition[string]>(definition);
  const name = methods[0]?.[1].path.split('/')[1] ?? '';
  // The mapped type above is what holds the two together.
  const untyped = handlers as unknown as Readonly<Record<string, UntypedHandler>>;
  return {
    name,
    // Bytes in, so that the contract judges what was sent, and what cannot be read gets a typed error as well.
    definition: Object.fromEntries(
      methods.map(([key, method]) => [key, { ...method, requestDeserialize: (bytes: Buffer) => bytes }]),
    ),
    implement: (surroundings) =>
      Object.fromEntries(
        methods.map(([key, method]) => {
          const handle = untyped[key];
          if (handle === undefined) throw new TypeError(`${method.path} has no handler`);
          return [key, unaryHandler(method, handle, surroundings)];
        }),
      ),
  };
}

type UntypedHandler = (request: unknown, call: Call) => Promise<unknown>;

function unaryHandler(
  { path, requestDeserialize }: ServiceDefinition[string],
  handle: UntypedHandler,
  { contract, log, ledgerTimeoutMs }: Surroundings,
): handleUnaryCall<Buffer, unknown> {
  const domain = path.slice(1, path.lastIndexOf('.'));
  return (call, callback) => {
    const started = performance.now();
    let names: Names = {};
    const run = async (): Promise<unknown> => {
      contract.check(path, call.request);
      const request = requestDeserialize(call.request) as object;
      names = namesIn(request);
      return handle(request, callOf(call, ledgerTimeoutMs));
    };
    const logged = (code: GrpcCode, reason?: string): void =>
      log.call({
        method: path.slice(1),
        code: GrpcCode[code],
        ...(reason === undefined ? {} : { reason }),
        ...names,
        durationMs: Math.round((performance.now() - started) * 1000) / 1000,
      });
    run().then(
      (response) => {
        callback(null, response);
        logged(GrpcCode.OK);
      },
      (error: unknown) => {
        const facts = factsOf(error);
        if (CAUSE_IS_LOGGED.has(facts.code)) log.fault('a call failed', error);
        callback(errorReply(domain, facts));
        logged(facts.code, facts.reason);
      },
    );
  };
}

/** What the caller is told nothing of. */
const CAUSE_IS_LOGGED: ReadonlySet<GrpcCode> = new Set([GrpcCode.INTERNAL, GrpcCode.UNAVAILABLE]);

function callOf(call: ServerUnaryCall<Buffer, unknown>, ledgerTimeoutMs: number): Call {
  const hangUp = new AbortController();
  call.on('cancelled', () => hangUp.abort());
  const deadline = call.getDeadline();
  const deadlineMs = deadline instanceof Date ? deadline.getTime() : deadline;
  return {
    metadata: call.metadata,
    ledgerOptions: () => ({
      timeoutMs: Math.max(0, Math.min(ledgerTimeoutMs, deadlineMs - Date.now())),
      signal: hangUp.signal,
    }),
  };
}

/** The fields by which a caller names a write or what it is about, and by which one looks for it in the log. */
const NAMES = ['requestId', 'idempotencyKey', 'orderId', 'cartId', 'resetId', 'visitId'] as const;

type Names = Partial<Record<(typeof NAMES)[number], string>>;

/** Those that the request has. */
function namesIn(request: object): Names {
  const fields = new Map<string, unknown>(Object.entries(request));
  const given = NAMES.map((name) => [name, fields.get(name)] as const);
  return Object.fromEntries(given.filter(([, value]) => typeof value === 'string' && value !== ''));
}
