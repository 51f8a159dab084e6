import { ConnectionPool } from '@ledger/kit/postgres/connection-pool';
import { ledgerSource, roleParameter, type LedgerSourceSettings } from './data-source';
import { query, type Connection } from './pg/connection';

/** How the database is asked whether it works. */
export interface DatabaseProbeSettings extends Pick<
  LedgerSourceSettings,
  'url' | 'applicationName' | 'onSession'
> {
  readonly role: string | null;
  /** The longest that it may take to answer. */
  readonly timeoutMs: number;
  /** How often it is asked to write, too. */
  readonly writeIntervalMs: number;
  /** Called when it works again after it did not: another server may have taken over meanwhile. */
  readonly onRecovered: () => void;
}

const mayWriteStatement = {
  name: 'may_write',
  text: `SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool`,
};

/** A COMMIT that has to reach the disk, and the standbys where that is asked for, and leaves nothing in any table. */
const writeLogStatement = {
  name: 'write_log',
  text: `SELECT pg_logical_emit_message(true, 'ledger', '')::text`,
};

/** Sorts more than the least \`work_mem\`, so that it needs room on the disk of the tables, for a moment. */
const writeFileStatement = {
  name: 'write_file',
  text: `SELECT count(*) FROM (SELECT repeat(md5(n::text), 4) FROM generate_series(1, 2000) n ORDER BY 1 OFFSET 1) AS sorted`,
};

/**
 * Asks the database, on a connection of its own, whether it answers and takes writes. Each question has a time limit; a
 * connection that does not answer within it is destroyed. Now and then it is made to write: what the disk or a standby
 * holds up shows only then.
 */
export class DatabaseProbe {
  private hasFailed = false;
  private lastWrite = -Infinity;

  private constructor(
    private readonly pool: ConnectionPool,
    private readonly settings: DatabaseProbeSettings,
  ) {}

  static async open(settings: DatabaseProbeSettings): Promise<DatabaseProbe> {
    const { url, applicationName, onSession, role } = settings;
    const pool = await ConnectionPool.open(
      ledgerSource({
        ...{ url, applicationName, onSession, poolSize: 1 },
        parameters: { ...roleParameter(role), work_mem: '64kB', synchronous_commit: 'on' },
      }),
    );
    return new DatabaseProbe(pool, settings);
  }

  /** Resolves when the database takes writes. */
  async check(): Promise<void> {
    try {
      await this.pool.lend((connection) => this.ask(connection), Date.now() + this.settings.timeoutMs);
    } catch (error) {
      this.hasFailed = true;
      // What is connected to a server that takes no writes stays so after another one has taken over.
      this.pool.renew();
      throw error;
    }
    if (!this.hasFailed) return;
    this.hasFailed = false;
    this.settings.onRecovered();
  }

  /** See {@link ConnectionPool.checkSession}. */
  checkSession(): Promise<void> {
    return this.pool.checkSession();
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  private async ask(connection: Connection): Promise<void> {
    const [row] = await query<[isReadOnly: boolean]>(connection, mayWriteStatement, []);
    if (row?.[0] !== false) throw new Error('the database takes no writes');
    if (!this.hasFailed && performance.now() - this.lastWrite < this.settings.writeIntervalMs) return;
    await query(connection, writeLogStatement, []);
    await query(connection, writeFileStatement, []);
    this.lastWrite = performance.now();
  }
}
