import type { QueryRunner } from 'typeorm';
import { query, type Connection } from '../../services/ledger/src/store/pg/connection';
import {
  groupOf,
  statementTransport,
  type StatementGroup,
} from '../../services/ledger/src/store/pg/statement-group';
import { connectionOf } from '../../services/ledger/src/store/pg/connection';
import type { Store } from '../../services/ledger/src/store/store';
import { openStore } from '../harness/open-store';
import { createTestDatabase, type TestDatabase } from '../harness/test-database';

const sum = { name: 'sum', text: 'SELECT $1::bigint + 1, $2::text, NULL::text' };
const rows = { name: 'rows', text: 'SELECT i FROM generate_series(1, $1::int) i' };
const divide = { name: 'divide', text: 'SELECT 6 / $1::int' };
const unknownTable = { name: 'unknown_table', text: 'SELECT * FROM nowhere' };
const end = { name: 'end', text: 'SELECT pg_terminate_backend(pg_backend_pid())' };

describe('statements that travel together', () => {
  let database: TestDatabase;
  let store: Store;
  let runner: QueryRunner;
  let connection: Connection;
  let group: StatementGroup;

  beforeEach(async () => {
    database = await createTestDatabase();
    store = await openStore(database.url);
    runner = await store.leaseWriter();
    connection = await connectionOf(runner);
    group = groupOf(connection)!;
    group.hold();
  });
  afterEach(async () => {
    await runner.release();
    await store.close();
    await database.drop();
  });

  it('are what this version of pg can do', () => {
    expect(statementTransport(connection)).toBe('in groups');
  });

  it('are answered each with its own rows, in the types of the connection', async () => {
    const first = query(connection, sum, ['41', 'ü']);
    const second = query(connection, rows, ['3']);
    const third = query(connection, rows, ['0']);
    group.send();

    expect(await first).toEqual([[42n, 'ü', null]]);
    expect(await second).toEqual([[1], [2], [3]]);
    expect(await third).toEqual([]);
  });

  it('end with one Sync, so the database answers once', async () => {
    let messages = '';
    const { stream } = (connection as unknown as { connection: { stream: WritableSocket } }).connection;
    const write = stream.write.bind(stream);
    stream.write = (chunk) => {
      messages += String.fromCharCode(chunk[0] ?? 0);
      return write(chunk);
    };

    const answers = [
      query(connection, sum, ['1', '']),
      query(connection, rows, ['1']),
      query(connection, rows, ['2']),
    ];
    group.send();
    await Promise.all(answers);
    expect(messages.match(/S/g)).toHaveLength(1);
    expect(messages.endsWith('ES')).toBe(true);
    // Prepared once each, whoever asks.
    expect(messages.match(/P/g)).toHaveLength(2);
    messages = '';
    expect(await query(connection, rows, ['1'])).toEqual([[1]]);
    expect(messages).not.toContain('P');
  });

  it.each([
    ['cannot be prepared', unknownTable, [], '42P01'],
    ['cannot be run', divide, ['0'], '22012'],
  ])('are skipped behind one that %s, and can be sent again', async (_, failing, values, code) => {
    const before = query(connection, rows, ['1']);
    const failed = query(connection, failing, values);
    const after = query(connection, sum, ['1', '']);
    group.send();

    expect(await before).toEqual([[1]]);
    await expect(failed).rejects.toMatchObject({ code });
    await expect(after).rejects.toMatchObject({ code });

    group.hold();
    const answers = [
      query(connection, sum, ['1', '']),
      query(connection, divide, ['2']),
      query(connection, rows, ['1']),
    ];
    group.send();
    expect(await Promise.all(answers)).toEqual([[[2n, '', null]], [[3]], [[1]]]);
  });

  it('are all rejected when the connection ends', async () => {
    const answers = [query(connection, end, []), query(connection, rows, ['1'])];
    group.send();

    for (const answer of await Promise.allSettled(answers)) expect(answer.status).toBe('rejected');
  });

  it('go by themselves when the group is on its way', async () => {
    const first = query(connection, rows, ['1']);
    group.send();
    const late = query(connection, rows, ['2']);

    expect(await first).toEqual([[1]]);
    expect(await late).toEqual([[1], [2]]);
  });

  it('are nothing at all when there are none', async () => {
    group.send();
    expect(await query(connection, rows, ['1'])).toEqual([[1]]);
  });

  it('are rejected and never sent when the group is discarded', async () => {
    const discarded = query(connection, end, []);
    expect(group.discard(new Error('no'))).toBe(true);

    await expect(discarded).rejects.toThrow('no');
    expect(group.discard(new Error('again'))).toBe(false);
    expect(await query(connection, rows, ['1'])).toEqual([[1]]);
  });

  it('take numbers, and refuse what they would have to guess the form of before anything is sent', async () => {
    const two = query(connection, rows, [2]);
    await expect(query(connection, { name: 'dates', text: 'SELECT $1::date' }, [new Date()])).rejects.toThrow(
      'dates: a value is neither text, a number nor bytes',
    );
    group.send();
    expect(await two).toEqual([[1], [2]]);
  });
});

interface WritableSocket {
  write(chunk: Buffer): boolean;
}
