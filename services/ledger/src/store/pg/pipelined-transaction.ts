import type { QueryRunner } from 'typeorm';
import { nextStatement, sendTogether, type Connection, type PipelinedConnection } from './connection';
import { sqlState } from '@ledger/kit/postgres/sql-state';
import { StatementGroup } from './statement-group';
import { connectionOf } from '../store';

/** COMMIT was sent and its answer did not come: what was written may be on disk or not. */
export class CommitUnknown extends Error {
  override readonly name = 'CommitUnknown';
}

/**
 * A transaction of a TypeORM QueryRunner in as few round trips as its statements allow: START TRANSACTION travels
 * with the first of them and COMMIT with the last. A lone write waits for two answers of the database in place of
 * four, and the database is at work on a batch while the callers of the one before are answered.
 */
export class PipelinedTransaction {
  private started = false;

  private constructor(
    private readonly runner: QueryRunner,
    private readonly connection: PipelinedConnection,
  ) {}

  /** Runs the work, which commits; rolls back when it throws before that. */
  static async run<T>(
    runner: QueryRunner,
    work: (transaction: PipelinedTransaction) => Promise<T>,
  ): Promise<T> {
    try {
      return await work(new PipelinedTransaction(runner, await connectionOf(runner)));
    } catch (error) {
      // A connection that cannot even roll back is broken; the server rolls back by itself when it goes.
      if (runner.isTransactionActive && !runner.isReleased)
        await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    }
  }

  /**
   * Sends the statements that `start` starts, all at once.
   *
   * @param start hands its first statements over before it returns; they change nothing, since nobody has seen yet
   *   that the transaction has begun
   */
  async send<T>(start: (connection: Connection) => Promise<T>): Promise<T> {
    const isFirst = !this.started;
    this.started = true;
    const { begun, answers } = await sendTogether(this.connection, async () => ({
      begun: isFirst ? await this.handOver(() => this.runner.startTransaction()) : null,
      answers: this.handOverGroup(start),
    }));
    const [result] = await Promise.all([answers, begun?.answered]);
    return result;
  }

  /**
   * Sends the statements that `start` starts and COMMIT behind them. When one of them fails the database makes the
   * COMMIT a ROLLBACK; so whatever must hold before it has to be the statement's own concern.
   *
   * @param start hands all its statements over before it returns, and throws when it cannot
   * @throws CommitUnknown, or the error of the first statement that failed: nothing is on disk then
   */
  async commit(start: (connection: Connection) => Promise<unknown>): Promise<void> {
    const { writes, commit } = await sendTogether(this.connection, async () => {
      const handedOver = this.handOverGroup(start);
      handedOver.catch(() => undefined);
      return { writes: handedOver, commit: await this.handOver(() => this.runner.commitTransaction()) };
    });
    const [written, committed] = await Promise.allSettled([writes, commit.answered]);
    // The database has spoken: it refused a statement, and with it the transaction.
    if (written.status === 'rejected' && sqlState(written.reason) !== null) throw written.reason;
    for (const each of [written, committed]) {
      if (each.status === 'rejected')
        throw new CommitUnknown('the answer to COMMIT did not come', { cause: each.reason });
    }
  }

  /** Sends the statements that `start` starts as one group. */
  private handOverGroup<T>(start: (connection: Connection) => Promise<T>): Promise<T> {
    const group = new StatementGroup(this.connection);
    const answers = start(group);
    group.send();
    return answers;
  }

  /** Has TypeORM send a statement; resolves when the connection has it, so that what follows comes behind it. */
  private async handOver(send: () => Promise<void>): Promise<HandedOver> {
    const handedOver = nextStatement(this.connection);
    const answered = send();
    // Told to whoever waits for it; should nobody get that far, another error came before.
    answered.catch(() => undefined);
    await Promise.race([handedOver, answered]);
    return { answered };
  }
}

/** A statement on its way. In an object, since to await a promise of a promise is to await both. */
interface HandedOver {
  readonly answered: Promise<void>;
}
