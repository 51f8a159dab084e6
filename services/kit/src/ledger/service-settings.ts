import type { DatabaseSettings } from '../postgres/database';
import { connectionLimits, type ConnectionLimits } from '../server/connection-limits';
import type { Environment } from '../server/environment';

/** Settings of a service on the ledger. */
export interface ServiceSettings {
  /** Where the service listens: host and port, port 0 for any. */
  readonly listen: string;
  /** Where the ledger listens. */
  readonly ledgerAddress: string;
  /** The longest that one call to the ledger may take; the caller's deadline counts when it is shorter. */
  readonly ledgerTimeoutMs: number;
  readonly logLevel: string;
  /** The longest that a stopping service waits for its calls. */
  readonly shutdownTimeoutMs: number;
  /** How often what the service stands on is asked whether it is there, for the health service. */
  readonly healthIntervalMs: number;
  /** Calls at the same time on one connection. */
  readonly concurrentStreamsMax: number;
  /** What callers may hold, and for how long. */
  readonly connections: ConnectionLimits;
}

/** What every service needs, from variables with its prefix, and the address of the ledger from LEDGER_ADDRESS. */
export function serviceSettings(environment: Environment, defaultListen: string): ServiceSettings {
  return {
    listen: environment.address('LISTEN', defaultListen),
    ledgerAddress: environment.withPrefix('LEDGER').address('ADDRESS', '127.0.0.1:50051'),
    ledgerTimeoutMs: environment.integer('LEDGER_TIMEOUT_MS', 5_000, 10, 600_000),
    logLevel: environment.logLevel('LOG_LEVEL'),
    shutdownTimeoutMs: environment.integer('SHUTDOWN_TIMEOUT_MS', 10_000, 100, 600_000),
    healthIntervalMs: environment.integer('HEALTH_INTERVAL_MS', 1_000, 10, 600_000),
    concurrentStreamsMax: environment.integer('CONCURRENT_STREAMS_MAX', 1_024, 1, 1_000_000),
    connections: connectionLimits(environment),
  };
}

/** What a service needs that owns data. */
export function databaseSettings(environment: Environment): DatabaseSettings {
  return {
    databaseUrl: environment.databaseUrl('DATABASE_URL'),
    databaseConnections: environment.integer('DATABASE_CONNECTIONS', 8, 2, 500),
    statementTimeoutMs: environment.integer('STATEMENT_TIMEOUT_MS', 10_000, 100, 600_000),
  };
}
