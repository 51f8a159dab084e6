/** A setting or an argument that cannot be used; the message names it and says what is allowed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** What variables are called and what they are. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Reads variables that begin with a prefix, such as `PEEPCOINS_LISTEN`, so that one environment can hold those of
 * several programs. A blank value counts as not set. Throws ConfigError for a value that cannot be used.
 */
export class Environment {
  /** @param prefix without the underscore; empty for variables that have none */
  constructor(
    private readonly variables: Variables,
    private readonly prefix: string,
  ) {}

  /** The same variables with another prefix. */
  withPrefix(prefix: string): Environment {
    return new Environment(this.variables, prefix);
  }

  /** The trimmed value of `<PREFIX>_<name>`, or null when it is not set. */
  text(name: string): string | null {
    const value = this.variables[this.variable(name)]?.trim();
    return value === undefined || value === '' ? null : value;
  }

  /** A whole number within limits. */
  integer(name: string, otherwise: number, min: number, max: number): number {
    const value = this.text(name);
    if (value === null) return otherwise;
    const number = Number(value);
    if (!/^[0-9]+$/.test(value) || number < min || number > max) {
      throw new ConfigError(
        `${this.variable(name)} must be a whole number from ${min} to ${max}, not "${value}"`,
      );
    }
    return number;
  }

  /** A level of the log, by default `info`. */
  logLevel(name: string): string {
    const value = this.text(name) ?? 'info';
    if (!LOG_LEVELS.includes(value)) {
      throw new ConfigError(`${this.variable(name)} must be one of ${LOG_LEVELS.join(', ')}, not "${value}"`);
    }
    return value;
  }

  /** A host and a port. */
  address(name: string, otherwise: string): string {
    const value = this.text(name) ?? otherwise;
    const port = /^(?:\[[0-9a-fA-F:]+\]|[^:[\]\s]+):([0-9]{1,5})$/.exec(value)?.[1];
    if (port === undefined || Number(port) > 65_535) {
      throw new ConfigError(`${this.variable(name)} must be host:port, such as ${otherwise}, not "${value}"`);
    }
    return value;
  }

  /** The URL of a Postgres, or null when it is not set. */
  postgresUrl(name: string): string | null {
    const value = this.text(name);
    // The value is not repeated: it may hold a password.
    if (value !== null && !/^postgres(ql)?:\/\/./.test(value)) {
      throw new ConfigError(`${this.variable(name)} must be like ${POSTGRES_URL}`);
    }
    return value;
  }

  /** The URL of a database. It has no default: nobody may write into a database by accident. */
  databaseUrl(name: string): string {
    const value = this.text(name) ?? '';
    if (!/^postgres(ql)?:\/\/[^/]+\/./.test(value)) {
      throw new ConfigError(`${this.variable(name)} must be set, like ${POSTGRES_URL}`);
    }
    return value;
  }

  private variable(name: string): string {
    return this.prefix === '' ? name : `${this.prefix}_${name}`;
  }
}

const POSTGRES_URL = 'postgres://user:password@host:5432/database';
