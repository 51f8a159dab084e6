import type { ServerHttp2Stream } from 'node:http2';

/**
 * What a server keeps in memory for a stream beside what Node keeps: a message that it has not finished with, answers that
 * the caller has not taken. The guard of the connections counts it as unread.
 */
const held = new WeakMap<ServerHttp2Stream, number>();

export function heldBytes(stream: ServerHttp2Stream): number {
  return held.get(stream) ?? 0;
}

/** Adds to it, or takes off. A stream that nobody knows holds nothing. */
export function holdBytes(stream: ServerHttp2Stream | null, more: number): void {
  if (stream !== null) held.set(stream, heldBytes(stream) + more);
}
