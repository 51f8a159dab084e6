import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { createDataSource } from '@ledger/kit/postgres/data-source';
import type { Connection } from '../../services/ledger/src/store/pg/connection';
import {
  ledgerSource,
  readerParameters,
  writerParameters,
} from '../../services/ledger/src/store/data-source';
import { fixPlans } from '../../services/ledger/src/store/statements/fix-plans';
import { countAccounts } from '../../services/ledger/src/store/statements/count-accounts';
import { findDueHolds, findHolds } from '../../services/ledger/src/store/statements/find-holds';
import { findAccounts } from '../../services/ledger/src/store/statements/find-accounts';
import { findBooked } from '../../services/ledger/src/store/statements/find-booked';
import { findItems } from '../../services/ledger/src/store/statements/find-items';
import { findRequest } from '../../services/ledger/src/store/statements/find-request';
import { findRequests } from '../../services/ledger/src/store/statements/find-requests';
import { findSettings } from '../../services/ledger/src/store/statements/find-settings';
import {
  findOrphanHolds,
  listEntryKeys,
  type KeyRange,
} from '../../services/ledger/src/store/statements/find-orphans';
import {
  findOwnTransaction,
  findTransaction,
  listTransactions,
  type TransactionFilter,
} from '../../services/ledger/src/store/statements/find-transaction';
import { insertAccounts } from '../../services/ledger/src/store/statements/insert-accounts';
import { insertEntries } from '../../services/ledger/src/store/statements/insert-entries';
import { insertItems } from '../../services/ledger/src/store/statements/insert-items';
import { insertRequests } from '../../services/ledger/src/store/statements/insert-requests';
import { insertTimeSteps } from '../../services/ledger/src/store/statements/insert-time-steps';
import { findAccount, listAccounts } from '../../services/ledger/src/store/statements/list-accounts';
import {
  findEntriesHere,
  findSequencesBefore,
  listEntries,
  type EntryFilter,
} from '../../services/ledger/src/store/statements/list-entries';
import { findHold, listHolds } from '../../services/ledger/src/store/statements/list-holds';
import { listItems, listItemVersions } from '../../services/ledger/src/store/statements/list-items';
import { listStripes } from '../../services/ledger/src/store/statements/list-stripes';
import { lockAccounts, lockFreeAccounts } from '../../services/ledger/src/store/statements/lock-accounts';
import { readAccountRange } from '../../services/ledger/src/store/statements/read-account-range';
import { listBalances, readBalances } from '../../services/ledger/src/store/statements/read-balances';
import {
  listBalancesAsOfTime,
  readBalanceAsOfSequence,
  readBalancesAsOfTime,
} from '../../services/ledger/src/store/statements/read-balances-as-of';
import { readChains } from '../../services/ledger/src/store/statements/read-chains';
import { readHeads } from '../../services/ledger/src/store/statements/read-heads';
import {
  readLegs,
  readTransactions,
} from '../../services/ledger/src/store/statements/read-stored-transactions';
import {
  readRequestedHolds,
  readRequestedItems,
  readRequestedSettings,
} from '../../services/ledger/src/store/statements/read-requested-rows';
import {
  readCoveredHolds,
  readCoveredItems,
  readCoveredRequests,
} from '../../services/ledger/src/store/statements/read-covered-rows';
import { readRequestRange } from '../../services/ledger/src/store/statements/read-stored-requests';
import { countOpenHolds } from '../../services/ledger/src/store/statements/count-open-holds';
import { settleHolds } from '../../services/ledger/src/store/statements/settle-holds';
import { sumReversals } from '../../services/ledger/src/store/statements/sum-reversals';
import { updateAccounts } from '../../services/ledger/src/store/statements/update-accounts';
import { updateSettings } from '../../services/ledger/src/store/statements/update-settings';
import { insertHolds, updateHolds } from '../../services/ledger/src/store/statements/write-holds';
import { ONE_CELL } from '../../services/ledger/src/ledger/placement';
import { createTestDatabase, type TestDatabase } from '../harness/test-database';

const ROWS = 50_000;
const TIMEOUT_MS = 10_000;

const filter: EntryFilter = {
  ...{ userId: 'ada', asset: 'GOLD', newestFirst: true, startTime: null, endTime: null, kinds: [] },
};

const byUser: TransactionFilter = { userId: 'ada', reference: '', newestFirst: true, kinds: [] };
const byReference: TransactionFilter = { ...byUser, reference: 'order-1' };
const between = ['', ''] as const;
const nobody = { userId: '', asset: '', stripe: 0 };
const everybody: KeyRange = { after: nobody, last: nobody };

type Statements = Record<string, (connection: Connection) => Promise<unknown>>;

/** What batches send. */
const WRITER_STATEMENTS: Statements = {
  lock_accounts: (connection) => lockAccounts(connection, []),
  lock_free_accounts: (connection) => lockFreeAccounts(connection, []),
  find_accounts: (connection) => findAccounts(connection, []),
  find_requests: (connection) => findRequests(connection, []),
  find_items: (connection) => findItems(connection, []),
  find_transaction: (connection) => findTransaction(connection, ONE_CELL, 'id'),
  find_own_transaction: (connection) => findOwnTransaction(connection, ONE_CELL, 'id', 'ada'),
  find_entries: (connection) => findEntriesHere(connection, []),
  sum_reversals: (connection) => sumReversals(connection, []),
  find_holds: (connection) => findHolds(connection, []),
  find_due_holds: (connection) => findDueHolds(connection, [], 0n),
  find_next_expiries: (connection) => findDueHolds(connection, [], 0n),
  count_open_holds: (connection) => countOpenHolds(connection, [], 1),
  find_settings: (connection) => findSettings(connection, []),
  insert_accounts: (connection) => insertAccounts(connection, [], 0n),
  insert_entries: (connection) => insertEntries(connection, [], () => true),
  insert_holds: (connection) => insertHolds(connection, []),
  insert_items: (connection) => insertItems(connection, []),
  insert_requests: (connection) => insertRequests(connection, [], 0n, new Map(), 0),
  insert_time_steps: (connection) => insertTimeSteps(connection, []),
  settle_holds: (connection) => settleHolds(connection, { userId: 'ada', asset: 'GOLD', stripe: 0 }, 1),
  update_accounts: (connection) => updateAccounts(connection, [], new Map()),
  update_holds: (connection) => updateHolds(connection, []),
  update_settings: (connection) => updateSettings(connection, []),
};

/** What reads of one account, one item, one user or one reference send. */
const READER_STATEMENTS: Statements = {
  find_items: (connection) => findItems(connection, []),
  find_entries: (connection) => findEntriesHere(connection, []),
  find_transaction: (connection) => findTransaction(connection, ONE_CELL, 'id'),
  find_own_transaction: (connection) => findOwnTransaction(connection, ONE_CELL, 'id', 'ada'),
  sum_reversals: (connection) => sumReversals(connection, []),
  find_account: (connection) => findAccount(connection, 'ada', 'GOLD'),
  find_hold: (connection) => findHold(connection, 'ada', 'id'),
  find_booked: (connection) => findBooked(connection, ONE_CELL, [{ scope: 'ada', requestId: 'id' }]),
  find_request: (connection) => findRequest(connection, 'ada', 'id'),
  find_sequences_before: (connection) => findSequencesBefore(connection, filter, 0n),
  read_balances: (connection) => readBalances(connection, []),
  read_balances_as_of_time: (connection) => readBalancesAsOfTime(connection, [], 0n),
  read_balance_as_of_sequence: (connection) => readBalanceAsOfSequence(connection, filter, 1n),
  list_stripes: (connection) => listStripes(connection, 'ada', 'GOLD'),
  list_entries_newest_first: (connection) => listEntries(connection, filter, [], 1),
  list_entries_oldest_first: (connection) =>
    listEntries(connection, { ...filter, newestFirst: false }, [], 1),
};

/** What reads of pages send: in the order of an index, so that a page costs no more than its rows. */
const PAGE_STATEMENTS: Statements = {
  list_accounts: (connection) => listAccounts(connection, { userId: 'ada', asset: '' }, 'ada', 1),
  list_balances: (connection) => listBalances(connection, 'ada', '', 1),
  list_balances_as_of_time: (connection) => listBalancesAsOfTime(connection, 'ada', '', 1, 0n),
  list_holds: (connection) => listHolds(connection, { userId: 'ada', asset: '', states: [] }, 'id', 1),
  list_item_versions: (connection) => listItemVersions(connection, 'mug', 1n, 1),
  list_transactions_newest_first: (connection) => listTransactions(connection, ONE_CELL, byUser, between, 1),
  list_transactions_oldest_first: (connection) =>
    listTransactions(connection, ONE_CELL, { ...byUser, newestFirst: false }, between, 1),
  list_references_newest_first: (connection) =>
    listTransactions(connection, ONE_CELL, byReference, between, 1),
  list_references_oldest_first: (connection) =>
    listTransactions(connection, ONE_CELL, { ...byReference, newestFirst: false }, between, 1),
};

/** What reads of all users or items send: from one key on, a part at a time. */
const RANGE_STATEMENTS: Statements = {
  list_items: (connection) => listItems(connection, '', true, 1),
  count_accounts: (connection) => countAccounts(connection, nobody, '', 1),
  read_account_range: (connection) => readAccountRange(connection, nobody, '', 1),
  read_chains: (connection) => readChains(connection, []),
  read_heads: (connection) => readHeads(connection, nobody, 0n, 1),
  read_legs: (connection) => readLegs(connection, []),
  read_transactions: (connection) => readTransactions(connection, []),
  read_requested_holds: (connection) => readRequestedHolds(connection, []),
  read_requested_items: (connection) => readRequestedItems(connection, []),
  read_requested_settings: (connection) => readRequestedSettings(connection, []),
  read_covered_requests: (connection) =>
    readCoveredRequests(connection, { userId: '', requestId: '' }, 0n, 1),
  read_covered_holds: (connection) => readCoveredHolds(connection, { userId: '', holdId: 'id' }, 0n, 1),
  read_covered_items: (connection) => readCoveredItems(connection, { itemId: '', version: 0n }, 0n, 1),
  read_request_range: (connection) => readRequestRange(connection, { userId: '', requestId: '' }, '', 1),
  list_entry_keys: (connection) => listEntryKeys(connection, everybody, 1),
  find_orphan_holds: (connection) => findOrphanHolds(connection, everybody, 1),
};

/** Of no table that grows: clocks, locks, the sessions of the database and the secrets of the servers. */
const WITHOUT_A_PLAN = [
  ...[
    'claim_slot',
    'find_blocker',
    'fix_plans',
    'insert_secret',
    'limit_session',
    'limit_waits',
    'read_secret',
  ],
  'read_placement',
  'read_settled',
];

/** Of WatchEntries, which is read along the order of commits. */
const LOOKED_AT_ELSEWHERE = [
  ...['read_changed_users', 'read_horizon', 'read_next_entries', 'read_next_entries_of_user'],
  ...['find_anchor', 'find_history', 'insert_incarnation', 'read_incarnation'],
];

const STATEMENTS_DIRECTORY = join(__dirname, '../../services/ledger/src/store/statements');

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Cond'?: string;
  readonly 'TID Cond'?: string;
  readonly Plans?: readonly PlanNode[];
}

it('is looked at for every statement that the server sends', () => {
  const sources = readdirSync(STATEMENTS_DIRECTORY).map((file) =>
    readFileSync(join(STATEMENTS_DIRECTORY, file), 'utf8'),
  );
  const named = /(?:name: |Statement\(\s*)'([a-z_]+)'/g;
  const names = sources.flatMap((source) => [...source.matchAll(named)].map(([, name]) => name));
  for (const source of sources) expect(source).toMatch(named);
  const tables = [WRITER_STATEMENTS, READER_STATEMENTS, PAGE_STATEMENTS, RANGE_STATEMENTS];
  const looked = new Set(tables.flatMap((table) => Object.keys(table)));
  expect(names).toEqual(expect.arrayContaining([...looked]));
  const left = names.filter((name) => !looked.has(name ?? ''));
  expect([...WITHOUT_A_PLAN, ...LOOKED_AT_ELSEWHERE]).toEqual(expect.arrayContaining(left));
});

describe('the plan of a statement', () => {
  let database: TestDatabase;
  let writer: DataSource;
  let reader: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    for (const table of ['accounts', 'entries', 'requests', 'item_versions', 'holds']) {
      // Statistics come when the test wants them.
      await database.query(`ALTER TABLE ledger.${table} SET (autovacuum_enabled = false)`);
    }
    const settings = { url: database.url, applicationName: 'plans', poolSize: 1, onSession: fixPlans };
    writer = createDataSource(ledgerSource({ ...settings, parameters: writerParameters(TIMEOUT_MS) }));
    reader = createDataSource(ledgerSource({ ...settings, parameters: readerParameters(TIMEOUT_MS) }));
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

    it.each(Object.entries(PAGE_STATEMENTS))('of a page takes its rows in order: %s', async (name, run) => {
      const plan = await planOf(reader, name, run);
      expectByKey(plan);
      expect(plan.map((node) => node['Node Type']).join()).not.toMatch(/Sort|HashAggregate/);
    });

    it.each(Object.entries(RANGE_STATEMENTS))(
      'of a part reaches its rows by index: %s',
      async (name, run) => {
        expectByIndex(await planOf(reader, name, run));
      },
    );
  });
});

/**
 * Every access to a table is by an index and bounded by a condition on it, or goes to where a locked row lies, and no
 * join reads a whole one.
 */
function expectByIndex(plan: readonly PlanNode[]): void {
  for (const node of plan) {
    expect(node['Node Type']).not.toMatch(/Seq Scan|Hash Join|Merge Join/);
    if (node['Node Type'] === 'ModifyTable') continue;
    if (node['Node Type'] === 'Tid Scan') {
      expect(node['TID Cond']).toBe('(ctid = k.location)');
      continue;
    }
    if (node['Relation Name'] !== undefined && node['Node Type'] !== 'Bitmap Heap Scan') {
      expect(node['Node Type']).toMatch(/^Index (Only )?Scan/);
      expect(node['Index Cond']).toMatch(/\b(user_id|transaction_id|item_id|reference)\b/);
    }
    if (node['Node Type'] === 'Bitmap Index Scan') expect(node['Index Cond']).toBeDefined();
  }
}

/** Moreover the first column of each index is given: what is read belongs to one user, item or reference. */
function expectByKey(plan: readonly PlanNode[]): void {
  expectByIndex(plan);
  for (const node of plan) {
    if (node['Index Cond'] === undefined) continue;
    expect(node['Index Cond']).toMatch(/\b(user_id|transaction_id|item_id|reference) = |ROW\(\$1/);
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

/** What the function sends under that name. */
async function textOf(name: string, run: (connection: Connection) => Promise<unknown>): Promise<string> {
  const sent: { name?: string; text: string }[] = [];
  const sending = run({
    query: (config) => {
      sent.push({ name: config.name ?? '', text: config.text });
      return Promise.resolve({ rows: [] });
    },
  });
  // It may miss a row that the database always gives.
  await sending.catch(() => undefined);
  const statement = sent.find((candidate) => candidate.name === name);
  expect(sent.map((candidate) => candidate.name)).toContain(name);
  return statement!.text;
}

function nodesOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

async function grow(database: TestDatabase): Promise<void> {
  const user = `'user-' || n % 5000`;
  const hash = `sha256(n::text::bytea)`;
  await database.query(
    `INSERT INTO ledger.accounts (user_id, asset, stripe, sequence, balance, debits, last_hash, commit_order,
                                  create_time)
     SELECT 'user-' || n, 'GOLD', 0, 10, 10, 0, ${hash}, 1, now() FROM generate_series(1, ${ROWS}) n`,
  );
  await database.query(
    `INSERT INTO ledger.entries (user_id, asset, stripe, sequence, transaction_id, kind, change, balance_after,
                                 debits_after, create_time, hash)
     SELECT ${user}, 'GOLD', 0, 1 + n / 5000, gen_random_uuid(), 1, 1 + n / 5000, 1 + n / 5000, 0, now(), ${hash}
       FROM generate_series(0, ${ROWS - 1}) n`,
  );
  await database.query(
    `INSERT INTO ledger.requests (user_id, request_id, method, caller, content_hash, content_hash_version, code,
                                  reason, outcome, create_time, transaction_id, kind, description, reference, metadata,
                                  entry_keys, digest, hash_version, commit_order)
     SELECT ${user}, n::text, 'Credit', '', ${hash}, 1, 0, '', ${hash}, now(), gen_random_uuid(), 1, '', n::text, '{}',
            '[1, 2]', ${hash}, 1, n
       FROM generate_series(0, ${ROWS - 1}) n`,
  );
  await database.query(
    `INSERT INTO ledger.item_versions (item_id, version, name, asset, price, active, grant_asset, create_time)
     SELECT 'item-' || n % 5000, 1 + n / 5000, 'Item', 'GOLD', 1, true, '', now()
       FROM generate_series(0, ${ROWS - 1}) n`,
  );
  await database.query(
    `INSERT INTO ledger.requests (user_id, request_id, method, caller, content_hash, content_hash_version, code,
                                  reason, outcome, create_time, transaction_id, kind, description, reference, metadata,
                                  reverses_transaction_id, reversed_amount, entry_keys, digest, hash_version,
                                  commit_order)
     SELECT ${user}, 'r' || n, 'ReverseTransaction', '', ${hash}, 1, 0, '', ${hash}, now(), gen_random_uuid(), 5, '',
            '', '{}', gen_random_uuid(), 1, '[1, 2]', ${hash}, 1, n
       FROM generate_series(0, ${ROWS / 5 - 1}) n`,
  );
  await database.query(
    `INSERT INTO ledger.holds (user_id, hold_id, asset, amount, destination, state, expire_time, create_time,
                               update_time)
     SELECT ${user}, gen_random_uuid(), 'GOLD', 1, '@revenue', 1 + n % 4, now() + n * interval '1 second', now(),
            now()
       FROM generate_series(0, ${ROWS - 1}) n`,
  );
}
