import { setTimeout as delay } from 'node:timers/promises';
import { LedgerClient } from '@ledger/client';
import { RawClient, type RawAnswer, type RawCall } from '../harness/raw-client';
import type { Random } from '../harness/random';

/** Short backoffs, so that a restarted server is found soon and not after the minutes of gRPC's defaults. */
const CHANNEL = { 'grpc.initial_reconnect_backoff_ms': 50, 'grpc.max_reconnect_backoff_ms': 200 };

/** How often a caller sends a call at most, and how long it waits for each response. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly timeoutMs: number;
}

/** As services do. */
export const RETRYING: RetryPolicy = { attempts: 6, timeoutMs: 5_000 };
/** Sends once. */
export const SINGLE_ATTEMPT: RetryPolicy = { attempts: 1, timeoutMs: 5_000 };
/** So short that responses are lost even without a fault. */
export const SHORT_TIMEOUT: RetryPolicy = { attempts: 1, timeoutMs: 300 };
/** Longer than every recovery: the pauses alone take half a minute. */
export const UNTIL_RECOVERED: RetryPolicy = { attempts: 60, timeoutMs: 10_000 };

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;

/** The servers of a ledger, as their callers see them. */
export class Servers {
  /** One for each server, for calls whose bytes are compared. */
  readonly raws: readonly RawClient[];
  /** One for each server, for all other calls. */
  readonly clients: readonly LedgerClient[];
  /** One for each server, without retries, for streams that are resumed at another server. */
  readonly streams: readonly LedgerClient[];

  constructor(addresses: readonly string[]) {
    this.raws = addresses.map((address) => new RawClient(address, CHANNEL));
    this.clients = addresses.map((address) => new LedgerClient({ address }));
    this.streams = addresses.map(
      (address) => new LedgerClient({ address, retry: { maxAttempts: 1 }, channelOptions: CHANNEL }),
    );
  }

  /**
   * Sends a call to one server after the other until it is answered, at most as often as the retry policy allows.
   *
   * @param take receives each response, and returns whether it answers the call
   */
  async send(
    call: RawCall,
    random: Random,
    { attempts, timeoutMs }: RetryPolicy,
    take: (answer: RawAnswer) => boolean,
  ): Promise<void> {
    const first = random.integer(0, this.raws.length - 1);
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      if (attempt > 0) await delay(Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS));
      const raw = this.raws[(first + attempt) % this.raws.length];
      if (raw === undefined) throw new RangeError('there is no server');
      if (take(await raw.send(call, Date.now() + timeoutMs))) return;
    }
  }

  close(): void {
    for (const client of [...this.raws, ...this.clients, ...this.streams]) client.close();
  }
}
