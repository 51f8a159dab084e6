import type { Environment } from './environment';

/** How long connections may live, how many there may be, and what each may ask for. */
export interface ConnectionLimits {
  /** A connection is asked whether its other end is there, this often. */
  readonly keepaliveMs: number;
  /** It is closed when no answer comes for this long. */
  readonly keepaliveTimeoutMs: number;
  /** It is closed after so long without a call. */
  readonly connectionIdleMs: number;
  /** It takes no more calls after so long, a tenth more or less. */
  readonly connectionAgeMs: number;
  /** How long calls may then still run. */
  readonly connectionAgeGraceMs: number;
  /** Connections at the same time; those beyond it are refused. */
  readonly connectionsMax: number;
  /** Those among them that have not begun to speak HTTP/2; beyond it the oldest is closed. */
  readonly halfOpenMax: number;
  /** How long a connection may take to begin. */
  readonly handshakeTimeoutMs: number;
  /** The longest that a call may take from its headers until its answer has gone out; streams: until it has begun. */
  readonly requestTimeMaxMs: number;
  /** Calls that a connection may begin with at once when it has had none lately. */
  readonly callsIdle: number;
  /** Calls at the same time on all connections that have any, as far as each of them may still have a few. */
  readonly callsMax: number;
  /** Calls that a caller may cancel at once on one connection before it takes no more. */
  readonly resetsMax: number;
  /** How many of them are forgiven each second. */
  readonly resetsPerSecond: number;
  /** Calls that one address may cancel before their deadline, beyond those that are answered, over all its connections. */
  readonly addressResetsMax: number;
  /** How many of them are forgiven each second. */
  readonly addressResetsPerSecond: number;
  /** Bytes of answers that may wait because one connection does not read them. */
  readonly connectionUnreadMaxBytes: number;
  /** The same for all connections together. */
  readonly unreadMaxBytes: number;
  /** Bytes of requests that have come in part, of all connections together. */
  readonly incomingMaxBytes: number;
}

const MIB = 1024 * 1024;
const A_DAY_MS = 86_400_000;

/** Reads them from variables with the prefix of a program. */
export function connectionLimits(variables: Environment): ConnectionLimits {
  return {
    keepaliveMs: variables.integer('KEEPALIVE_MS', 20_000, 10, A_DAY_MS),
    keepaliveTimeoutMs: variables.integer('KEEPALIVE_TIMEOUT_MS', 10_000, 10, 600_000),
    connectionIdleMs: variables.integer('CONNECTION_IDLE_MS', 300_000, 10, A_DAY_MS),
    connectionAgeMs: variables.integer('CONNECTION_AGE_MS', 1_800_000, 10, A_DAY_MS),
    connectionAgeGraceMs: variables.integer('CONNECTION_AGE_GRACE_MS', 120_000, 10, A_DAY_MS),
    connectionsMax: variables.integer('CONNECTIONS_MAX', 2_000, 1, 1_000_000),
    halfOpenMax: variables.integer('HALF_OPEN_MAX', 200, 1, 1_000_000),
    handshakeTimeoutMs: variables.integer('HANDSHAKE_TIMEOUT_MS', 10_000, 10, 600_000),
    requestTimeMaxMs: variables.integer('REQUEST_TIME_MAX_MS', 120_000, 10, A_DAY_MS),
    callsIdle: variables.integer('CALLS_IDLE', 32, 1, 1_000_000),
    callsMax: variables.integer('CALLS_MAX', 1_024, 1, 10_000_000),
    resetsMax: variables.integer('RESETS_MAX', 200, 1, 1_000_000),
    resetsPerSecond: variables.integer('RESETS_PER_SECOND', 33, 1, 1_000_000),
    addressResetsMax: variables.integer('ADDRESS_RESETS_MAX', 2_000, 1, 1_000_000_000),
    addressResetsPerSecond: variables.integer('ADDRESS_RESETS_PER_SECOND', 200, 1, 1_000_000),
    connectionUnreadMaxBytes: variables.integer('CONNECTION_UNREAD_MAX_BYTES', 64 * MIB, 65_536, 4096 * MIB),
    unreadMaxBytes: variables.integer('UNREAD_MAX_BYTES', 256 * MIB, 65_536, 16_384 * MIB),
    incomingMaxBytes: variables.integer('INCOMING_MAX_BYTES', 256 * MIB, 65_536, 16_384 * MIB),
  };
}
