import type { DataSource } from 'typeorm';
import type { Connection } from '../../services/ledger/src/store/connection';
import {
  createDataSource,
  readerParameters,
  writerParameters,
} from '../../services/ledger/src/store/data-source';
import { findItems } from '../../services/ledger/src/store/statements/find-items';
import { findRequests } from '../../services/ledger/src/store/statements/find-requests';
import { findTransaction } from '../../services/ledger/src/store/statements/find-transaction';
import { insertAccounts } from '../../services/ledger/src/store/statements/insert-accounts';
import { insertEntries } from '../../services/ledger/src/store/statements/insert-entries';
import { insertItems } from '../../services/ledger/src/store/statements/insert-items';
import { insertRequests } from '../../services/ledger/src/store/statements/insert-requests';
import { insertTransactions } from '../../services/ledger/src/store/statements/insert-transactions';
import {
  findEntries,
  listEntries,
  type EntryFilter,
} from '../../services/ledger/src/store/statements/list-entries';
import { listItems } from '../../services/ledger/src/store/statements/list-items';
import { listStripes } from '../../services/ledger/src/store/statements/list-stripes';
import { lockAccounts } from '../../services/ledger/src/store/statements/lock-accounts';
import { readBalances } from '../../services/ledger/src/store/statements/read-balances';
import { updateAccounts } from '../../services/ledger/src/store/statements/update-accounts';
import { createTestDatabase, type TestDatabase } from '../support/test-database';

const ROWS = 50_000;
const TIMEOUT_MS = 10_000;

const filter: EntryFilter = {
  ...{ userId: 'ada', asset: 'GOLD', newestFirst: true, startTime: null, endTime: null, kinds: [] },
};

const WRITER_STATEMENTS: Record<string, (connection: Connection) => Promise<unknown>> = {
  lock_accounts: (connection) => lockAccounts(connection, []),
  find_requests: (connection) => findRequests(connection, []),
  find_items: (connection) => findItems(connection, []),
  insert_accounts: (connection) => insertAccounts(connection, [], 0n),
  insert_entries: (connection) => insertEntries(connection, []),
  insert_items: (connection) => insertItems(connection, []),
  insert_requests: (connection) => insertRequests(connection, [], 0n),
  insert_transactions: (connection) => insertTransactions(connection, []),
  update_accounts: (connection) => updateAccounts(connection, []),
};

const READER_STATEMENTS: typeof WRITER_STATEMENTS = {
  find_items: (connection) => findItems(connection, []),
  read_balances: (connection) => readBalances(connection, []),
  list_entries_newest_first: (connection) => listEntries(connection, filter, [], 1),
  list_entries_oldest_first: (connection) =>
    listEntries(connection, { ...filter, newestFirst: false }, [], 1),
  list_items: (connection) => listItems(connection, '', true, 1),
  list_stripes: (connection) => listStripes(connection, 'ada', 'GOLD'),
  find_transaction: (connection) => findTransaction(connection, 'id', 'ada'),
  find_entries: (connection) => findEntries(connection, []),
};

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Plans?: readonly PlanNode[];
}

describe('the plan of a statement', () => {
  let database: TestDatabase;
  let writer: DataSource;
  let reader: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    for (const table of ['accounts', 'transactions', 'entries', 'requests', 'item_versions']) {
      // Statistics come when the test wants them.
      await database.query(`ALTER TABLE ledger.${table} SET (autovacuum_enabled = false)`);
    }
    const settings = { url: database.url, applicationName: 'plans', poolSize: 1 };
    writer = createDataSource({ ...settings, parameters: writerParameters(TIMEOUT_MS) });
    reader = createDataSource({ ...settings, parameters: readerParameters(TIMEOUT_MS) });
    await Promise.all([writer.initialize(), reader.initialize()]);
  });
  afterAll(async () => {
    await Promise.all([writer.destroy(), reader.destroy()]);
    await database.drop();
  });

  // In this order: each state follows from the one before.
  describe.each([
    { tables: 'that are empty', prepare: () => Promise.resolve() },
    { tables: `that grew to ${ROWS} rows since their last ANALYZE`, prepare: () => grow(database) },
    { tables: 'that were analyzed', prepare: () => database.query('ANALYZE') },
  ])('on tables $tables', ({ prepare }) => {
    beforeAll(async () => {
      await prepare();
    });

    it.each(Object.entries(WRITER_STATEMENTS))(
      'of a batch reaches its rows by key: %s',
      async (name, run) => {
        expectByKey(await planOf(writer, name, run));
      },
    );

    it.each(Object.entries(READER_STATEMENTS))('of a read reaches its rows by key: %s', async (name, run) => {
      expectByKey(await planOf(reader, name, run));
    });
  });
});

/** Every access to a table is by an index and bounded by a condition on it, and no join reads a whole one. */
function expectByKey(plan: readonly PlanNode[]): void {
  for (const node of plan) {
    expect(node['Node Type']).not.toMatch(/Seq Scan|Hash Join|Merge Join/);
    if (node['Node Type'] === 'ModifyTable') continue;
    if (node['Relation Name'] !== undefined && node['Node Type'] !== 'Bitmap Heap Scan') {
      expect(node['Node Type']).toMatch(/^Index (Only )?Scan/);
      expect(node['Index Cond']).toMatch(/\b(user_id|transaction_id|item_id)\b/);
    }
    if (node['Node Type'] === 'Bitmap Index Scan') expect(node['Index Cond']).toBeDefined();
  }
}

async function planOf(
  source: DataSource,
  name: string,
  run: (connection: Connection) => Promise<unknown>,
): Promise<PlanNode[]> {
  const text = await textOf(name, run);
  const parameters = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
  const values = Array.from({ length: parameters }, () => 'NULL').join(', ');
  const runner = source.createQueryRunner();
  try {
    // The plan is the generic one, as on the server's connections: whatever the values are.
    await runner.query(`PREPARE examined AS ${text}`);
    const rows: unknown = await runner.query(
      `EXPLAIN (FORMAT JSON) EXECUTE examined${parameters > 0 ? `(${values})` : ''}`,
    );
    await runner.query('DEALLOCATE examined');
    const [row] = rows as { 'QUERY PLAN': { Plan: PlanNode }[] }[];
    const plan = nodesOf(row!['QUERY PLAN'][0]!.Plan);
    expect(plan.some((node) => node['Relation Name'] !== undefined)).toBe(true);
    return plan;
  } finally {
    await runner.release();
  }
}

/** What the function sends. */
async function textOf(name: string, run: (connection: Connection) => Promise<unknown>): Promise<string> {
  const sent: { name?: string; text: string }[] = [];
  await run({
    query: (config) => {
      sent.push({ name: config.name ?? '', text: config.text });
      return Promise.resolve({ rows: [], rowCount: 0 });
    },
  });
  expect(sent.map((statement) => statement.name)).toEqual([name]);
  return sent[0]!.text;
}

function nodesOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

async function grow(database: TestDatabase): Promise<void> {
  const user = `'user-' || n % 5000`;
  const hash = `sha256(n::text::bytea)`;
  await database.query(
    `INSERT INTO ledger.accounts (user_id, asset, stripe, sequence, balance, last_hash, commit_order, create_time)
     SELECT 'user-' || n, 'GOLD', 0, 10, 10, ${hash}, 1, now() FROM generate_series(1, ${ROWS}) n`,
  );
  await database.query(
    `INSERT INTO ledger.entries (user_id, asset, stripe, sequence, transaction_id, kind, change, balance_after,
                                 create_time, hash)
     SELECT ${user}, 'GOLD', 0, 1 + n / 5000, gen_random_uuid(), 1, 1 + n / 5000, 1 + n / 5000, now(), ${hash}
       FROM generate_series(0, ${ROWS - 1}) n`,
  );
  await database.query(
    `INSERT INTO ledger.transactions (user_id, transaction_id, kind, request_id, caller, create_time, description,
                                      reference, metadata, entry_keys, digest, hash_version, commit_order)
     SELECT ${user}, gen_random_uuid(), 1, n::text, '', now(), '', n::text, '{}', '[1, 2]', ${hash}, 1, n
       FROM generate_series(0, ${ROWS - 1}) n`,
  );
  await database.query(
    `INSERT INTO ledger.requests (user_id, request_id, method, content_hash, content_hash_version, code, reason,
                                  outcome, create_time)
     SELECT ${user}, n::text, 'Credit', ${hash}, 1, 0, '', ${hash}, now() FROM generate_series(0, ${ROWS - 1}) n`,
  );
  await database.query(
    `INSERT INTO ledger.item_versions (item_id, version, name, asset, price, active, grant_asset, create_time)
     SELECT 'item-' || n % 5000, 1 + n / 5000, 'Item', 'GOLD', 1, true, '', now()
       FROM generate_series(0, ${ROWS - 1}) n`,
  );
}
