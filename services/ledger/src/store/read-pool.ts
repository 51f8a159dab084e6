import { ConnectionPool } from '@ledger/kit/postgres/connection-pool';
import { isOutage, sqlState } from '@ledger/kit/postgres/sql-state';
import { ledgerSource, readerParameters, roleParameter, type LedgerSourceSettings } from './data-source';
import { FairGate, type ReadKind } from './fair-gate';
import { execute, type Connection } from './pg/connection';

/** How one pool of connections is used for reads. */
export interface ReadPoolSettings extends Pick<
  LedgerSourceSettings,
  'url' | 'applicationName' | 'onSession'
> {
  readonly role: string | null;
  readonly connections: number;
  /** The most reads that may wait for a connection. */
  readonly queueMax: number;
  /** The longest that a read may take when its caller gives no shorter deadline. */
  readonly readTimeoutMs: number;
  /** How long one connection may take before the read is tried once more, on another. */
  readonly attemptMs: number;
}

/** Deadlines count in steps of this: callers with similar deadlines then need no statement to set the limit. */
const TIMEOUT_STEP_MS = 100;

/** Differs from every real limit. */
const UNKNOWN_TIMEOUT = -1;

/** What the server says when its time limit ended a statement. */
const QUERY_CANCELED = '57014';

const setTimeoutStatement = {
  name: 'set_timeout',
  text: `SELECT set_config('statement_timeout', $1, false)`,
};

/**
 * Connections for reads. One that has not answered in time, or broke, is destroyed, and its read is tried once more on
 * another, within the time that its caller has.
 */
export class ReadPool {
  /** The statement timeout that was last set on each connection. */
  private readonly timeouts = new WeakMap<Connection, number>();
  private readonly gate: FairGate;

  private constructor(
    private readonly pool: ConnectionPool,
    private readonly settings: ReadPoolSettings,
  ) {
    this.gate = new FairGate({ places: settings.connections, waitersMax: settings.queueMax });
  }

  /** Makes a pool and its first connection. */
  static async open(settings: ReadPoolSettings): Promise<ReadPool> {
    const { url, applicationName, onSession, role, connections } = settings;
    const pool = await ConnectionPool.open(
      ledgerSource({
        ...{ url, applicationName, onSession, poolSize: connections, pipeline: true },
        parameters: { ...roleParameter(role), ...readerParameters(usualLimit(settings)) },
      }),
    );
    return new ReadPool(pool, settings);
  }

  /**
   * Lends a connection for reads outside of any transaction: each statement is one snapshot, and takes no longer
   * than the deadline (milliseconds since 1970), to the next tenth of a second. The work may be done twice.
   */
  async read<T>(
    work: (connection: Connection) => Promise<T>,
    deadline: number,
    kind: ReadKind = 'point',
  ): Promise<T> {
    const { readTimeoutMs, attemptMs } = this.settings;
    const end = Math.min(deadline, Date.now() + readTimeoutMs);
    const leave = await this.gate.enter(kind, Math.max(0, end - Date.now()));
    try {
      const firstEnd = Math.min(end, Date.now() + attemptMs);
      return await this.attempt(work, firstEnd).catch((error: unknown) => {
        if (!mayHelpToRepeat(error) || Date.now() >= end) throw error;
        return this.attempt(work, end);
      });
    } finally {
      leave();
    }
  }

  /** See {@link ConnectionPool.renew}. */
  renew(): void {
    this.pool.renew();
  }

  /** See {@link ConnectionPool.checkSession}. */
  checkSession(): Promise<void> {
    return this.pool.checkSession();
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  private attempt<T>(work: (connection: Connection) => Promise<T>, end: number): Promise<T> {
    return this.pool.lend((connection) => {
      this.limit(connection, end);
      return work(connection);
    }, end);
  }

  private limit(connection: Connection, end: number): void {
    const left = Math.ceil((end - Date.now()) / TIMEOUT_STEP_MS) * TIMEOUT_STEP_MS;
    const timeoutMs = Math.max(TIMEOUT_STEP_MS, left);
    if ((this.timeouts.get(connection) ?? usualLimit(this.settings)) === timeoutMs) return;
    this.timeouts.set(connection, timeoutMs);
    // Sent ahead of the read and not waited for. When it fails the limit is unknown, so the next read sets it again.
    execute(connection, setTimeoutStatement, [timeoutMs.toString()]).catch(() =>
      this.timeouts.set(connection, UNKNOWN_TIMEOUT),
    );
  }
}

/** The time limit of most attempts, which each connection therefore begins with. */
function usualLimit({ readTimeoutMs, attemptMs }: ReadPoolSettings): number {
  return Math.min(readTimeoutMs, attemptMs);
}

/** Whether the connection was at fault, or its own share of the time; and not the read. */
function mayHelpToRepeat(error: unknown): boolean {
  const state = sqlState(error);
  return state === QUERY_CANCELED || ((state === null || /^(08|57)/.test(state)) && isOutage(error));
}
