import { Metadata, status } from '@grpc/grpc-js';
import { type AttemptFailure, localFailure } from './attempt-failure';
import type { Clock } from './clock';

/** Names and values of gRPC metadata. */
export type Headers = Readonly<Record<string, string>>;

/** Something that each attempt gets: always the same, or made for it. */
export type PerAttempt<Value> = Value | ((call: { readonly method: string }) => Value | Promise<Value>);

/** What every call of a client sends besides its request. */
export interface CallerHeaders {
  /** Sent as gRPC metadata with every attempt, such as the context of a trace. That of a call comes on top. */
  readonly metadata?: PerAttempt<Headers> | undefined;
  /** Sent as `authorization: Bearer …`. A function may fetch a new one: it is asked for each attempt. Use it with TLS. */
  readonly token?: PerAttempt<string> | undefined;
}

/** How long the headers of an attempt may take. */
export interface HeaderLimit {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** The headers of an attempt, or why it has none. */
export async function attemptHeaders(
  { metadata, token }: CallerHeaders,
  method: string,
  own: Headers = {},
  limit: HeaderLimit,
): Promise<Metadata | AttemptFailure> {
  const waited = new AbortController();
  try {
    const made = Promise.all([valueOf(metadata, method), valueOf(token, method)]);
    const late =
      isFunction(metadata) || isFunction(token)
        ? limit.clock.sleep(limit.timeoutMs, anyOf(waited.signal, limit.signal)).then(() => undefined)
        : made;
    const values = await Promise.race([made, late]);
    if (values === undefined) {
      return localFailure(status.DEADLINE_EXCEEDED, 'metadata or token did not come in time');
    }
    const [shared = {}, bearer] = values;
    const authorization = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
    const headers = new Metadata();
    for (const [key, value] of Object.entries({ ...shared, ...authorization, ...own }))
      headers.set(key, value);
    return headers;
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    const isOwn = !isFunction(metadata) && !isFunction(token);
    return localFailure(
      isOwn ? status.INVALID_ARGUMENT : status.UNAUTHENTICATED,
      `metadata or token: ${text}`,
      cause,
    );
  } finally {
    waited.abort();
  }
}

function valueOf<Value>(
  given: PerAttempt<Value> | undefined,
  method: string,
): Value | Promise<Value> | undefined {
  return isFunction(given) ? given({ method }) : given;
}

function isFunction<Value>(
  given: PerAttempt<Value> | undefined,
): given is (call: { readonly method: string }) => Value | Promise<Value> {
  return typeof given === 'function';
}

function anyOf(first: AbortSignal, second: AbortSignal | undefined): AbortSignal {
  return second === undefined ? first : AbortSignal.any([first, second]);
}
