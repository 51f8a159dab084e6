import type { QueryRunner } from 'typeorm';
import { asConnectionError, isInternalError, sqlFault, sqlState } from '@ledger/kit/postgres/sql-state';
import { Portions } from '@ledger/kit/server/portions';
import { connectionOf, query, type Connection } from './connection';
import { groupOf, type StatementGroup } from './statement-group';

/** COMMIT was sent and its answer did not come, or does not tell: the transaction may be on disk or not. */
export class CommitUnknown extends Error {
  override readonly name = 'CommitUnknown';
}

/** How long a session that is at work on a batch lets the database wait, in milliseconds: well below its idle limit. */
const KEEP_ALIVE_MS = 500;
const keepAliveStatement = { name: 'keep_alive', text: 'SELECT 1' };

/**
 * A transaction of a TypeORM QueryRunner in as few round trips as its statements allow: START TRANSACTION travels
 * with the first of them and COMMIT with the last. A lone write waits for two answers of the database in place of
 * four, and the database works on a batch while the callers of the one before are answered.
 *
 * Where pg lacks what groups are made with, it is the plain transaction of the QueryRunner: every statement is awaited
 * before COMMIT is sent.
 */
export class PipelinedTransaction {
  private constructor(
    private readonly runner: QueryRunner,
    private readonly connection: Connection,
    private readonly group: StatementGroup | null,
  ) {}

  /** Runs the work, which commits; rolls back when it throws before that. */
  static async run<T>(
    runner: QueryRunner,
    work: (transaction: PipelinedTransaction) => Promise<T>,
  ): Promise<T> {
    const connection = await connectionOf(runner);
    const group = groupOf(connection);
    try {
      group?.hold();
      await runner.startTransaction().catch(throwOfConnection);
      return await work(new PipelinedTransaction(runner, connection, group));
    } catch (error) {
      group?.discard(error);
      // A connection that cannot even roll back is broken; the server rolls back by itself when it goes.
      if (runner.isTransactionActive && !runner.isReleased)
        await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    }
  }

  /**
   * Sends the statements that `start` starts, all at once.
   *
   * @param start starts its first statements before it returns
   */
  send<T>(start: (connection: Connection) => Promise<T>): Promise<T> {
    this.group?.hold();
    const answers = start(this.connection);
    this.group?.send();
    return answers;
  }

  /** A Portions whose pauses keep the session: idle in a transaction for too long, the database would end it. */
  portions(): Portions {
    let last = performance.now();
    return new Portions(undefined, async () => {
      if (performance.now() - last < KEEP_ALIVE_MS) return;
      await this.send((connection) => query(connection, keepAliveStatement, []));
      last = performance.now();
    });
  }

  /**
   * Starts statements one after the other, in portions: what they are given may take long to encode. They are sent with
   * COMMIT, by `commit(started)`.
   *
   * @throws what one of them throws at its start; nothing is sent then
   */
  async start(
    statements: readonly ((connection: Connection) => Promise<unknown>)[],
  ): Promise<(connection: Connection) => Promise<unknown>> {
    this.group?.hold();
    // No pause keeps the session here: a statement in between would send those that are held.
    const portions = new Portions();
    const answers: Promise<unknown>[] = [];
    for (const statement of statements) {
      await portions.pause();
      const answer = statement(this.connection);
      // Told by the one that waits for all of them.
      answer.catch(() => undefined);
      answers.push(answer);
    }
    return () => Promise.all(answers);
  }

  /**
   * Sends the statements that `start` starts and COMMIT behind them. When one of them fails the database skips COMMIT,
   * and the transaction is rolled back; so each statement has to check what must hold before COMMIT.
   *
   * @param start starts all its statements before it returns, and throws when it cannot
   * @throws CommitUnknown, or the error of the first statement that failed: nothing is on disk then
   */
  async commit(start: (connection: Connection) => Promise<unknown>): Promise<void> {
    const { runner, group } = this;
    if (group === null) {
      await start(this.connection);
      return runner.commitTransaction().catch(throwUnlessRefused);
    }
    group.hold();
    const writes = start(this.connection);
    let isSent = true as boolean;
    const commit = runner.commitTransaction().catch((error: unknown) => {
      // A runner whose connection broke gives no COMMIT to it, and the group still waits for one.
      isSent = !group.discard(error);
      throw error;
    });
    const [written, committed] = await Promise.allSettled([writes, commit]);
    if (!isSent && committed.status === 'rejected') throwOfConnection(committed.reason);
    // The database has spoken: it refused a statement, and with it the transaction.
    if (written.status === 'rejected' && sqlState(written.reason) !== null) throw written.reason;
    if (committed.status === 'rejected') throwUnlessRefused(committed.reason);
    if (written.status === 'rejected') throwUnlessRefused(written.reason);
  }
}

/** For what the QueryRunner does by itself, which fails by its connection alone. */
function throwOfConnection(error: unknown): never {
  throw asConnectionError(error);
}

/**
 * A COMMIT that the database refused booked nothing; one whose answer did not come may have, and so may one at which the
 * database broke: Citus says so when a node did not answer to its COMMIT.
 */
function throwUnlessRefused(cause: unknown): never {
  if (sqlState(cause) !== null && sqlFault(cause) !== 'unavailable' && !isInternalError(cause)) throw cause;
  throw new CommitUnknown('the answer to COMMIT did not come', { cause });
}
