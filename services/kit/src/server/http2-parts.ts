import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { types } from 'node:util';
import type { Http2Server, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Server, ServerDuplexStream } from '@grpc/grpc-js';

// What this kit needs of grpc-js and of Node that neither hands out. Where it looks different, the answer is "none".

/** The HTTP/2 servers of a bound server. */
export function http2Servers(server: Server): Http2Server[] {
  const servers: unknown = Reflect.get(server, 'http2Servers');
  if (!types.isMap(servers)) return [];
  return [...servers.keys()].filter((each): each is Http2Server => each instanceof EventEmitter);
}

/** Options of `http2.createServer` for the servers that are bound from now on; returns whether they are taken. */
export function setHttp2Options(server: Server, options: Readonly<Record<string, number>>): boolean {
  const common: unknown = Reflect.get(server, 'commonServerOptions');
  if (!isObject(common)) return false;
  Object.assign(common, options);
  return true;
}

/** Makes a server take only those connections that are admitted, before it does anything else with them. */
export function admitConnections(server: Http2Server, admits: (socket: Socket) => boolean): void {
  const listeners = server.rawListeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    if (!admits(socket)) return;
    for (const listener of listeners) Reflect.apply(listener, server, [socket]);
  });
}

/** The HTTP/2 stream of a call. */
export function streamOf(call: ServerDuplexStream<Buffer, Buffer>): ServerHttp2Stream | null {
  const inner: unknown = Reflect.get(call, 'call');
  const stream: unknown = isObject(inner) ? Reflect.get(inner, 'stream') : undefined;
  return isServerStream(stream) ? stream : null;
}

/**
 * Makes a call read a message when it is asked for one, and not 16 ahead. Returns whether it does; otherwise it reads as
 * many of them ahead as the library likes.
 */
export function readOneAtATime(call: ServerDuplexStream<Buffer, Buffer>): boolean {
  const state: unknown = Reflect.get(call, '_readableState');
  return isObject(state) && Reflect.set(state, 'highWaterMark', 0) && call.readableHighWaterMark === 0;
}

/** The open streams of a session. */
export interface OpenStreams {
  readonly size: number;
  forEach(callback: (stream: ServerHttp2Stream) => void): void;
}

export function openStreams(session: ServerHttp2Session): OpenStreams | null {
  const streams: unknown = stateOf(session)?.streams;
  return hasForEach(streams) ? streams : null;
}

/** Node's state of a session, which holds its streams. */
export function stateOf(session: object): { streams: unknown } | null {
  const key = Object.getOwnPropertySymbols(session).find(({ description }) => description === 'state');
  const state: unknown = key === undefined ? undefined : Reflect.get(session, key);
  return isObject(state) && 'streams' in state ? state : null;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isServerStream(value: unknown): value is ServerHttp2Stream {
  return value instanceof EventEmitter && 'respond' in value && 'rstCode' in value;
}

function hasForEach(streams: unknown): streams is OpenStreams {
  return isObject(streams) && 'forEach' in streams && 'size' in streams;
}
