/** Settings of a service, from the environment, parsed once. Every limit has a name. */
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
}

/** Settings of a service that owns data. */
export interface DatabaseSettings {
  /** Its own database, which is made when it is absent. */
  readonly databaseUrl: string;
  /** Connections to it. */
  readonly databaseConnections: number;
  /** The longest that one statement may take. */
  readonly statementTimeoutMs: number;
}

/** A setting that cannot be used; the message names the variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** What variables are called and what they may be. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Variables that begin with the service's name, such as `PEEPCOINS_LISTEN`, so that one environment can hold those of
 * several services. Throws ConfigError for the first value that cannot be used.
 */
export class Environment {
  constructor(
    private readonly variables: Variables,
    private readonly prefix: string,
  ) {}

  /** What every service needs. */
  service(defaultListen: string): ServiceSettings {
    return {
      listen: this.address(`${this.prefix}_LISTEN`, defaultListen),
      ledgerAddress: this.address('LEDGER_ADDRESS', '127.0.0.1:50051'),
      ledgerTimeoutMs: this.integer('LEDGER_TIMEOUT_MS', 5_000, 10, 600_000),
      logLevel: this.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
      shutdownTimeoutMs: this.integer('SHUTDOWN_TIMEOUT_MS', 10_000, 100, 600_000),
      healthIntervalMs: this.integer('HEALTH_INTERVAL_MS', 1_000, 10, 600_000),
    };
  }

  /** What a service needs that owns data. The URL has no default: nobody may write into a database by accident. */
  database(): DatabaseSettings {
    return {
      databaseUrl: this.postgresUrl(`${this.prefix}_DATABASE_URL`),
      databaseConnections: this.integer('DATABASE_CONNECTIONS', 8, 2, 500),
      statementTimeoutMs: this.integer('STATEMENT_TIMEOUT_MS', 10_000, 100, 600_000),
    };
  }

  /** A whole number within limits, of the variable `<PREFIX>_<name>`. */
  integer(name: string, otherwise: number, least: number, most: number): number {
    const variable = `${this.prefix}_${name}`;
    const value = this.text(variable);
    if (value === null) return otherwise;
    const number = Number(value);
    if (!/^[0-9]+$/.test(value) || number < least || number > most) {
      throw new ConfigError(`${variable} must be a whole number from ${least} to ${most}, not "${value}"`);
    }
    return number;
  }

  private oneOf(name: string, values: readonly string[], otherwise: string): string {
    const variable = `${this.prefix}_${name}`;
    const value = this.text(variable) ?? otherwise;
    if (!values.includes(value)) {
      throw new ConfigError(`${variable} must be one of ${values.join(', ')}, not "${value}"`);
    }
    return value;
  }

  private address(variable: string, otherwise: string): string {
    const value = this.text(variable) ?? otherwise;
    const port = /^(?:\[[0-9a-fA-F:]+\]|[^:[\]\s]+):([0-9]{1,5})$/.exec(value)?.[1];
    if (port === undefined || Number(port) > 65_535) {
      throw new ConfigError(`${variable} must be host:port, such as ${otherwise}, not "${value}"`);
    }
    return value;
  }

  private postgresUrl(variable: string): string {
    const value = this.text(variable) ?? '';
    // The value is not repeated: it may hold a password.
    if (!/^postgres(ql)?:\/\/[^/]+\/./.test(value)) {
      throw new ConfigError(`${variable} must be set, like postgres://user:password@host:5432/database`);
    }
    return value;
  }

  private text(variable: string): string | null {
    const value = this.variables[variable]?.trim();
    return value === undefined || value === '' ? null : value;
  }
}
