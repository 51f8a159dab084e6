import type { QueryRunner } from 'typeorm';
import { blankAccount, type Account } from '../../services/ledger/src/ledger/account';
import { execute, query, type Connection } from '../../services/ledger/src/store/pg/connection';
import {
  CommitUnknown,
  PipelinedTransaction,
} from '../../services/ledger/src/store/pg/pipelined-transaction';
import { statementTransport } from '../../services/ledger/src/store/pg/statement-group';
import { isUniqueViolation } from '@ledger/kit/postgres/sql-state';
import { insertAccounts } from '../../services/ledger/src/store/statements/insert-accounts';
import { accountsOf, lockAccounts } from '../../services/ledger/src/store/statements/lock-accounts';
import { updateAccounts } from '../../services/ledger/src/store/statements/update-accounts';
import { connectionOf } from '../../services/ledger/src/store/pg/connection';
import type { Store } from '../../services/ledger/src/store/store';
import { openStore } from '../harness/open-store';
import { createTestDatabase, type TestDatabase } from '../harness/test-database';

const key = { userId: 'ada', asset: 'GOLD', stripe: 0 };
/** Microseconds that no date has. */
const BEYOND_TIME = 10n ** 30n;

const xidStatement = { name: 'xid', text: 'SELECT pg_current_xact_id()::text' };
const assignedXidStatement = { name: 'assigned_xid', text: 'SELECT pg_current_xact_id_if_assigned()::text' };
const failStatement = { name: 'fail', text: 'SELECT 1 / $1::int' };
const resetRoleStatement = { name: 'reset_role', text: 'RESET ROLE' };
const endStatement = { name: 'end', text: 'SELECT pg_terminate_backend(pg_backend_pid())' };

/** The batch transaction rests on it; here it meets what a batch hardly ever does. */
describe('a transaction whose BEGIN and COMMIT travel with its statements', () => {
  let database: TestDatabase;
  let store: Store;
  let runner: QueryRunner;

  beforeEach(async () => {
    database = await createTestDatabase();
    store = await openStore(database.url);
    runner = await store.leaseWriter();
  });
  afterEach(async () => {
    await runner.release();
    await store.close();
    await database.drop();
  });

  const balances = (): Promise<unknown> => database.query('SELECT user_id, balance FROM ledger.accounts');
  const insert = (connection: Connection): Promise<void> => insertAccounts(connection, [account(7n)], 0n);

  it('is one transaction from its first statement on', async () => {
    const xids = await PipelinedTransaction.run(runner, async (transaction) => {
      const first = await transaction.send((connection) => query<[string]>(connection, xidStatement, []));
      const second = await transaction.send((connection) => query<[string]>(connection, xidStatement, []));
      await transaction.commit(insert);
      return [first, second];
    });

    expect(xids[0]).toEqual(xids[1]);
    expect(await balances()).toEqual([{ user_id: 'ada', balance: '7' }]);
    const written = await database.query('SELECT xmin::text FROM ledger.accounts');
    expect(written).toEqual([{ xmin: xids[0]?.[0]?.[0] }]);
  });

  it('waits for two answers of the database in all', async () => {
    const sent: string[] = [];
    const connection = (await runner.connect()) as {
      connection: {
        stream: { write: unknown; _writev: (chunks: { chunk: Buffer }[], done: unknown) => void };
      };
    };
    const { stream } = connection.connection;
    const writev = stream._writev.bind(stream);
    stream._writev = (chunks, done) => {
      sent.push(Buffer.concat(chunks.map(({ chunk }) => chunk)).toString('latin1'));
      writev(chunks, done);
    };

    await PipelinedTransaction.run(runner, async (transaction) => {
      await transaction.send((each) => lockAccounts(each, [key]));
      await transaction.commit(insert);
    });

    expect(sent).toEqual([
      expect.stringMatching(/START TRANSACTION[^]*FOR UPDATE/),
      expect.stringMatching(/INSERT INTO ledger.accounts[^]*COMMIT/),
    ]);
  });

  it('is rolled back when a statement before COMMIT fails, and the connection goes on', async () => {
    const failed = PipelinedTransaction.run(runner, async (transaction) => {
      await transaction.send((connection) => lockAccounts(connection, [key]));
      await transaction.commit((connection) =>
        Promise.all([insert(connection), execute(connection, failStatement, [0])]),
      );
    });

    await expect(failed).rejects.toMatchObject({ code: '22012' });
    expect(await balances()).toEqual([]);
    await book();
    expect(await balances()).toEqual([{ user_id: 'ada', balance: '7' }]);
  });

  it('tells the database between portions of long work that it still needs its session', async () => {
    const lastQuery = (): Promise<unknown> =>
      database.query(
        `SELECT query FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'ledger-writer'`,
      );
    await PipelinedTransaction.run(runner, async (transaction) => {
      await transaction.send((connection) => lockAccounts(connection, [key]));
      const portions = transaction.portions();
      await portions.next();
      expect(await lastQuery()).not.toEqual([{ query: 'SELECT 1' }]);
      const later = performance.now() + 1_000;
      const clock = jest.spyOn(performance, 'now').mockReturnValue(later);
      await portions.next();
      clock.mockRestore();
      expect(await lastQuery()).toEqual([{ query: 'SELECT 1' }]);
      await transaction.commit(await transaction.start([insert]));
    });
    expect(await balances()).toEqual([{ user_id: 'ada', balance: '7' }]);
  });

  it('sends nothing of what was started in portions when a later statement cannot be made', async () => {
    const late = (connection: Connection): Promise<void> =>
      insertAccounts(connection, [{ ...account(1n), userId: 'bob' }], BEYOND_TIME);
    const failed = PipelinedTransaction.run(runner, async (transaction) => {
      await transaction.send((connection) => lockAccounts(connection, [key]));
      await transaction.commit(await transaction.start([insert, late]));
    });
    await expect(failed).rejects.toBeInstanceOf(RangeError);
    expect(await balances()).toEqual([]);
  });

  it('sends no COMMIT when a statement cannot be made', async () => {
    const failed = PipelinedTransaction.run(runner, async (transaction) => {
      await transaction.send((connection) => lockAccounts(connection, [key]));
      await transaction.commit((connection) => {
        const first = insert(connection);
        return Promise.all([first, insertAccounts(connection, [account(1n)], BEYOND_TIME)]);
      });
    });

    await expect(failed).rejects.toBeInstanceOf(RangeError);
    expect(await balances()).toEqual([]);
  });

  it('names the key that another was first with', async () => {
    await book();

    const error: unknown = await book().catch((reason: unknown) => reason);
    expect(isUniqueViolation(error)).toBe(true);
  });

  it('books nothing when a row that is to be updated is not where it should be', async () => {
    await book();
    const failed = PipelinedTransaction.run(runner, async (transaction) => {
      const locations = accountsOf(await transaction.send((connection) => lockAccounts(connection, [key])));
      const [locked] = locations.keys();
      const nowhere = account(5n);
      locked!.balance = 8n;
      locations.set(nowhere, '(4000,1)');
      await transaction.commit((connection) =>
        Promise.all([
          insertAccounts(connection, [{ ...account(9n), userId: 'bob' }], 0n),
          updateAccounts(connection, [locked!, nowhere], locations),
        ]),
      );
    });

    await expect(failed).rejects.toThrow('1 of 2 rows were there to be updated');
    expect(await balances()).toEqual([{ user_id: 'ada', balance: '7' }]);
  });

  it('leaves the runner without a transaction, whatever became of it', async () => {
    await book();
    expect(runner.isTransactionActive).toBe(false);
    await expect(book()).rejects.toMatchObject({ constraint: 'accounts_pkey' });
    expect(runner.isTransactionActive).toBe(false);
    await expect(
      PipelinedTransaction.run(runner, () => Promise.reject(new Error('before anything was sent'))),
    ).rejects.toThrow('before anything was sent');
    expect(runner.isTransactionActive).toBe(false);
    const [xid] = await query<[string | null]>(
      (await runner.connect()) as Connection,
      assignedXidStatement,
      [],
    );
    expect(xid).toEqual([null]);
  });

  it('is of unknown outcome when the connection ends under its COMMIT', async () => {
    const cut = PipelinedTransaction.run(runner, async (transaction) => {
      await transaction.send((connection) => lockAccounts(connection, [key]));
      const { stream } = ((await runner.connect()) as { connection: { stream: { destroy(): void } } })
        .connection;
      await transaction.commit((connection) => {
        const done = insert(connection);
        setImmediate(() => stream.destroy());
        return done;
      });
    });

    await expect(cut).rejects.toBeInstanceOf(CommitUnknown);
  });

  it.each([
    ['23000', false],
    ['XX000', true],
  ])('whose COMMIT fails with %s is of unknown outcome: %s', async (state, isUnknown) => {
    await database.query(`
      CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'at COMMIT' USING ERRCODE = '${state}'; END $$;
      CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON ledger.accounts DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION fail()`);
    const error: unknown = await book().catch((reason: unknown) => reason);
    expect(error instanceof CommitUnknown).toBe(isUnknown);
    expect(await balances()).toEqual([]);
  });

  it('is refused, not unknown, when the database ends the connection before', async () => {
    const ended = PipelinedTransaction.run(runner, (transaction) =>
      transaction.send((connection) =>
        Promise.all([query(connection, resetRoleStatement, []), query(connection, endStatement, [])]),
      ),
    );

    await expect(ended).rejects.toMatchObject({ code: '57P01' });
  });

  describe('where pg lacks what groups are made with', () => {
    beforeEach(async () => {
      // Only groups use it.
      const { connection } = (await runner.connect()) as { connection: { close: unknown } };
      connection.close = undefined;
      expect(statementTransport(await connectionOf(runner))).toBe('one by one');
    });

    it('is one transaction still', async () => {
      const xids = await PipelinedTransaction.run(runner, async (transaction) => {
        const first = await transaction.send((connection) => query<[string]>(connection, xidStatement, []));
        const second = await transaction.send((connection) => query<[string]>(connection, xidStatement, []));
        await transaction.commit(insert);
        return [first, second];
      });

      expect(xids[0]).toEqual(xids[1]);
      expect(await balances()).toEqual([{ user_id: 'ada', balance: '7' }]);
    });

    it('is rolled back when a statement before COMMIT fails, and the connection goes on', async () => {
      const failed = PipelinedTransaction.run(runner, async (transaction) => {
        await transaction.send((connection) => lockAccounts(connection, [key]));
        await transaction.commit((connection) =>
          Promise.all([insert(connection), execute(connection, failStatement, [0])]),
        );
      });

      await expect(failed).rejects.toMatchObject({ code: '22012' });
      expect(await balances()).toEqual([]);
      await book();
      expect(await balances()).toEqual([{ user_id: 'ada', balance: '7' }]);
    });

    it('is of unknown outcome when the connection ends after its last statement', async () => {
      const { stream } = ((await runner.connect()) as { connection: { stream: { destroy(): void } } })
        .connection;
      const cut = PipelinedTransaction.run(runner, async (transaction) => {
        await transaction.send((connection) => lockAccounts(connection, [key]));
        await transaction.commit(async (connection) => {
          await insert(connection);
          stream.destroy();
        });
      });

      await expect(cut).rejects.toBeInstanceOf(CommitUnknown);
    });
  });

  function book(): Promise<void> {
    return PipelinedTransaction.run(runner, async (transaction) => {
      await transaction.send((connection) => query<[string]>(connection, xidStatement, []));
      await transaction.commit(insert);
    });
  }
});

function account(balance: bigint): Account {
  return { ...blankAccount(key), balance, lastHash: Buffer.alloc(32), sequence: 1n };
}
