import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { type ChannelOptions, Client } from '@grpc/grpc-js';
import type { Lane } from './call';
import type { CallerHeaders } from './call-headers';
import type { CallHooks } from './call-hooks';
import {
  DEFAULT_RETRY_POLICY,
  DEFAULT_TIMEOUT_MS,
  DEFAULT_WATCH_HEARTBEAT_MS,
  type RetryPolicy,
} from './call-options';
import { channelCredentials, type Security } from './channel-credentials';
import { type Clock, systemClock } from './clock';
import { Connections } from './connection';
import type { Interceptor } from './interceptor';

const DEFAULT_ADDRESS = '127.0.0.1:50051';

/** A call has seconds, so a client whose server restarts must not sit out the minutes of gRPC's defaults. */
const DEFAULT_CHANNEL_OPTIONS: ChannelOptions = {
  // Pings tell a network that drops packets in silence from one where nothing happens, also between calls: 15 seconds
  // after the last packet the connection ends, and its calls are sent again over a new one.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  // What a server can be set to send at most: the response to a large batch repeats its writes with their entries. With
  // gRPC's own limit of 4 MiB a batch that was booked would end with RESOURCE_EXHAUSTED.
  'grpc.max_receive_message_length': 256 * 1024 * 1024,
};

/** How a client reaches the ledger. Everything has a default. */
export interface LedgerClientOptions extends Security, CallerHeaders {
  /** `host:port`, or any other gRPC target; `127.0.0.1:50051` by default. */
  readonly address?: string | undefined;
  /** The timeout of a call that names none: 5 seconds by default. */
  readonly timeoutMs?: number | undefined;
  /** By default 8 attempts, with waits of up to 50 ms that double to at most 1 second. */
  readonly retry?: { readonly [K in keyof RetryPolicy]?: RetryPolicy[K] | undefined } | undefined;
  /** Told of every attempt and every call, for logs, metrics and traces. */
  readonly hooks?: CallHooks | undefined;
  /** Stand around every call with one response, and every page of a list; the first one outermost. */
  readonly interceptors?: readonly Interceptor[] | undefined;
  /**
   * Whether concurrent writes travel over one stream, and concurrent reads of balances in one call; `true` by default. Each
   * call keeps its own answer, error, deadline, signal and request id. Calls with `metadata` of their own go by themselves,
   * and so do all calls of a client whose `metadata` is a function, and those to a server that does not know `WriteStream`.
   */
  readonly coalesce?: boolean | undefined;
  /** The most writes that may wait to be sent; a further one fails with `OVERLOADED` at once. 100,000 by default. */
  readonly maxQueued?: number | undefined;
  /** Options of grpc-js, such as `grpc.keepalive_time_ms`, which is 10 seconds by default. */
  readonly channelOptions?: ChannelOptions | undefined;
  /**
   * How often the ledger sends a heartbeat to a watch at least: its `LEDGER_WATCH_HEARTBEAT_MS`, 10 seconds by default.
   * A watch that misses three of them connects again and continues where it was.
   */
  readonly watchHeartbeatMs?: number | undefined;
  /** Makes the request ids of writes that name none: random UUIDs by default. */
  readonly generateRequestId?: (() => string) | undefined;
  /**
   * Measures timeouts and waits; the clock of the process by default.
   *
   * @internal for the tests of this package
   */
  readonly clock?: Clock | undefined;
}

/** What all calls of a client share. */
export interface Transport {
  readonly connections: Connections;
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  readonly headers: CallerHeaders;
  readonly hooks: CallHooks;
  readonly interceptors: readonly Interceptor[];
  readonly watchHeartbeatMs: number;
  readonly generateRequestId: () => string;
  readonly clock: Clock;
  /** How calls travel together; a call that no lane takes goes by itself. */
  readonly lanes: readonly Lane[];
  /** Aborted when the client is closed. */
  readonly closed: AbortSignal;
  readonly close: () => void;
}

/**
 * Opens the one channel that the three services share. Nothing is connected before the first call.
 *
 * @param openLanes makes the lanes of the transport
 */
export function openTransport(
  options: LedgerClientOptions,
  openLanes: (transport: Transport, options: LedgerClientOptions) => readonly Lane[],
): Transport {
  const address = options.address ?? DEFAULT_ADDRESS;
  const security = channelCredentials(options);
  const serverName = typeof options.tls === 'object' ? options.tls.serverName : undefined;
  const channelOptions = {
    ...DEFAULT_CHANNEL_OPTIONS,
    ...(serverName !== undefined && { 'grpc.ssl_target_name_override': serverName }),
    ...options.channelOptions,
    // A channel that replaces another one must not get its connection.
    'grpc.use_local_subchannel_pool': 1,
  };
  const clock = options.clock ?? systemClock;
  const connections = new Connections(() => new Client(address, security, channelOptions), clock);
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const transport = {
    connections,
    lanes: [] as readonly Lane[],
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    retry: retryPolicy(options.retry),
    headers: { metadata: options.metadata, token: options.token },
    hooks: options.hooks ?? {},
    interceptors: options.interceptors ?? [],
    watchHeartbeatMs: options.watchHeartbeatMs ?? DEFAULT_WATCH_HEARTBEAT_MS,
    generateRequestId: options.generateRequestId ?? randomUUID,
    clock,
    closed: closing.signal,
    close: () => {
      closing.abort();
      connections.close();
    },
  };
  transport.lanes = openLanes(transport, options);
  return transport;
}

/** Field by field, so that one that is there but undefined does not hide its default. */
function retryPolicy(given: LedgerClientOptions['retry'] = {}): RetryPolicy {
  return {
    maxAttempts: given.maxAttempts ?? DEFAULT_RETRY_POLICY.maxAttempts,
    initialBackoffMs: given.initialBackoffMs ?? DEFAULT_RETRY_POLICY.initialBackoffMs,
    maxBackoffMs: given.maxBackoffMs ?? DEFAULT_RETRY_POLICY.maxBackoffMs,
  };
}
