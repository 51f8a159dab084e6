import { invalidFields, malformedRequest } from './attempt-failure';
import type { CallOptions } from './call-options';
import { complete, type Complete } from './complete';
import { Listing, type Page } from './listing';
import { withMetadataMaps } from './pairs';
import { requestViolations } from './request-check';
import type { Written } from './responses';
import { callIntercepted } from './intercepted-call';
import { readStream } from './server-stream';
import type { Transport } from './transport';

// Each kind takes the caller's request type first, then the generated parts of the rpc, whose types are
// inferred, and gives a function that binds the rpc to a client: its method.

/** Whether the client makes the request ids that are left out: of a write, but not of a read about one. */
const [GENERATES_IDS, TAKES_IDS] = [true, false];

/** A write. It gets a request id when it has none, and its response has `replayed`. */
export function write<Request extends object>() {
  return <Message extends { requestId: string }, Response extends object>(
      definition: Definition<Message, Response>,
      codec: Codec<Message> & SameFields<Request, Message>,
      finish?: (message: Message, generateRequestId: () => string) => void,
    ) =>
    (transport: Transport, method: string) =>
    async (request: Request, options: CallOptions = {}): Promise<Written<Response>> => {
      const { message, bytes } = encode(method, definition, codec, request, GENERATES_IDS, (draft) => {
        if (draft.requestId === '') draft.requestId = transport.generateRequestId();
        finish?.(draft, transport.generateRequestId);
      });
      const call = {
        method,
        path: definition.path,
        bytes,
        decode: (response: Buffer) => complete(definition.responseDeserialize(response)),
        isWrite: true,
        requestId: message.requestId,
        request: message,
      };
      const { response, replayed, position } = await callIntercepted(transport, call, options);
      return { ...response, replayed, position };
    };
}

/** A read of one thing. */
export function read<Request extends object>() {
  return <Message, Response extends object>(
      definition: Definition<Message, Response>,
      codec: Codec<Message> & SameFields<Request, Message>,
    ) =>
    (transport: Transport, method: string) =>
    async (request: Request, options: CallOptions = {}): Promise<Complete<Response>> => {
      const { message, bytes } = encode(method, definition, codec, request, TAKES_IDS);
      const call = {
        method,
        path: definition.path,
        bytes,
        decode: (response: Buffer) => complete(definition.responseDeserialize(response)),
        isWrite: false,
        requestId: undefined,
        request: message,
      };
      return (await callIntercepted(transport, call, options)).response;
    };
}

/** A read of many things, in pages. */
export function list<Request extends object>() {
  return <Message extends { pageToken: string }, Response extends Page, Item>(
      definition: Definition<Message, Response>,
      codec: Codec<Message> & SameFields<Request, Message>,
      itemsOf: (page: Response) => readonly Item[],
    ) =>
    (transport: Transport, method: string) =>
    (request: Request, options: CallOptions = {}): Listing<Item, Response> =>
      new Listing(async (pageToken) => {
        const { message, bytes } = encode(method, definition, codec, request, TAKES_IDS, (draft) => {
          if (pageToken !== undefined) draft.pageToken = pageToken;
        });
        const decode = definition.responseDeserialize;
        const about = { isWrite: false, requestId: undefined, request: message };
        const call = { method, path: definition.path, bytes, decode, ...about };
        return (await callIntercepted(transport, call, options)).response;
      }, itemsOf);
}

/** How many heartbeats a stream may miss before it counts as broken. */
const HEARTBEATS_MISSED = 3;

/**
 * A stream of responses. With `resume`, which makes the request that continues after one, it has heartbeats, and
 * reconnects when it breaks or they stay away.
 */
export function stream<Request extends object>() {
  return <Message, Response>(
      definition: Definition<Message, Response>,
      codec: Codec<Message> & SameFields<Request, Message>,
      resume?: (message: Message, last: Response) => Message,
    ) =>
    (transport: Transport, method: string) =>
      async function* (
        request: Request,
        options: CallOptions = {},
      ): AsyncGenerator<Response, void, undefined> {
        const { message, bytes } = encode(method, definition, codec, request, TAKES_IDS);
        const call = {
          method,
          path: definition.path,
          bytes,
          decode: definition.responseDeserialize,
          silenceLimitMs: resume === undefined ? Infinity : HEARTBEATS_MISSED * transport.watchHeartbeatMs,
          resumeAfter: (last: Response) => resume && definition.requestSerialize(resume(message, last)),
        };
        yield* readStream(transport, call, options);
      };
}

/** The part of a generated service definition that a call needs. */
interface Definition<Message, Response> {
  readonly path: string;
  readonly requestSerialize: (message: Message) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

/** The part of a generated message that a call needs. */
interface Codec<Message> {
  fromPartial(request: object): Message;
}

// A request type that belongs to another message shows up here: fromPartial itself takes anything.
type SameFields<Request, Message> = [keyof Request, keyof Message] extends [keyof Message, keyof Request]
  ? unknown
  : never;

/** By the rules of the contract's names. */
function requestName({ path }: { readonly path: string }): string {
  return `${path.slice(path.lastIndexOf('/') + 1)}Request`;
}

function encode<Message>(
  method: string,
  definition: Definition<Message, unknown>,
  codec: Codec<Message>,
  request: object,
  generatesIds: boolean,
  finish?: (draft: Message) => void,
): { message: Message; bytes: Buffer } {
  const violations = requestViolations(requestName(definition), request, generatesIds);
  if (violations.length > 0) throw invalidFields(method, violations);
  try {
    const message = codec.fromPartial(withMetadataMaps(request));
    finish?.(message);
    return { message, bytes: definition.requestSerialize(message) };
  } catch (cause) {
    throw malformedRequest(method, cause);
  }
}
