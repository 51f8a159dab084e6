import type { Client } from '@grpc/grpc-js';
import type { Clock } from './clock';

/**
 * How long a connection may leave attempts unanswered before it is taken for dead. A network that drops packets in
 * silence looks like a slow server: a new connection costs little if it was one after all.
 */
const SILENCE_LIMIT_MS = 1_000;

/**
 * The connection of a client. One on which attempts get no answer is replaced: the next attempt goes over a new one,
 * while calls in flight may still end over the old one.
 */
export class Connections {
  readonly #open: () => Client;
  readonly #clock: Clock;
  #current: Connection;

  /** @param open makes a channel that shares no connection with another one */
  constructor(open: () => Client, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
    this.#current = new Connection(open(), clock);
  }

  /** The one that the next attempt takes. */
  get current(): Connection {
    return this.#current;
  }

  /** Reports that an attempt waited for an answer since then, and nothing came. */
  reportUnanswered(connection: Connection, sentAtMs: number): void {
    if (connection !== this.#current || connection.silentMs(sentAtMs) < SILENCE_LIMIT_MS) return;
    this.#current = new Connection(this.#open(), this.#clock);
    connection.channel.close();
  }

  close(): void {
    this.#current.channel.close();
  }
}

/** A channel, and when it was last heard of. */
export class Connection {
  readonly channel: Client;
  readonly #clock: Clock;
  #heardAtMs = -Infinity;
  /** When the first attempt was sent after which nothing came. */
  #unansweredSinceMs: number | undefined;

  constructor(channel: Client, clock: Clock) {
    this.channel = channel;
    this.#clock = clock;
  }

  /** Says that an attempt is sent; the result is when. */
  sends(): number {
    const now = this.#clock.now();
    this.#unansweredSinceMs ??= now;
    return now;
  }

  /** Says that something came from the server, for whichever call. */
  hears(): void {
    this.#heardAtMs = this.#clock.now();
    this.#unansweredSinceMs = undefined;
  }

  /** For how long nothing has come, while an attempt sent at that time, and those before it, were waiting. */
  silentMs(sentAtMs: number): number {
    const waitingSinceMs = Math.min(sentAtMs, this.#unansweredSinceMs ?? sentAtMs);
    return this.#clock.now() - Math.max(waitingSinceMs, this.#heardAtMs);
  }
}
