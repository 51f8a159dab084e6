import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { types } from 'node:util';
import type { Http2Server, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Server } from '@grpc/grpc-js';

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
  if (typeof common !== 'object' || common === null) return false;
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
  return typeof state === 'object' && state !== null && 'streams' in state ? state : null;
}

function hasForEach(streams: unknown): streams is OpenStreams {
  return typeof streams === 'object' && streams !== null && 'forEach' in streams && 'size' in streams;
}
