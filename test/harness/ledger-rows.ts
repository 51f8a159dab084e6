/** What a check needs of a database: `TestDatabase` is one, and so is whatever can run a SELECT. */
export interface Queryable {
  query<Row extends object>(sql: string, values?: unknown[]): Promise<Row[]>;
}

/** Where a row lies. */
export interface CellRow {
  readonly cell: number;
}

export interface AccountRow extends CellRow {
  readonly userId: string;
  readonly asset: string;
  readonly stripe: number;
  readonly sequence: bigint;
  readonly balance: bigint;
  readonly debits: bigint;
  readonly held: bigint;
  readonly minBalance: bigint;
  readonly settingsVersion: bigint;
  readonly lastHash: string;
  readonly lastEntryTime: bigint | null;
  readonly commitOrder: bigint;
}

export interface EntryRow extends CellRow {
  readonly userId: string;
  readonly asset: string;
  readonly stripe: number;
  readonly sequence: bigint;
  readonly transactionId: string;
  readonly kind: number;
  readonly change: bigint;
  readonly balanceAfter: bigint;
  readonly debitsAfter: bigint;
  readonly createTime: bigint;
  readonly effectiveTime: bigint | null;
  readonly hash: string;
}

export interface TransactionRow extends CellRow {
  readonly userId: string;
  readonly transactionId: string;
  readonly kind: number;
  readonly requestId: string;
  readonly caller: string;
  readonly createTime: bigint;
  readonly effectiveTime: bigint | null;
  readonly description: string;
  readonly reference: string;
  readonly metadata: Record<string, string>;
  readonly itemId: string | null;
  readonly itemName: string | null;
  readonly priceVersion: bigint | null;
  readonly unitPrice: bigint | null;
  readonly quantity: bigint | null;
  readonly reversesTransactionId: string | null;
  readonly entryKeys: readonly (readonly [string, string, number, string])[];
  readonly digest: string;
  readonly hashVersion: number;
  readonly commitOrder: bigint;
}

export interface RequestRow {
  readonly userId: string;
  readonly requestId: string;
  readonly method: string;
  readonly caller: string;
  readonly code: number;
  readonly outcome: string;
  readonly transactionId: string | null;
}

export interface ItemVersionRow extends CellRow {
  readonly itemId: string;
  readonly version: bigint;
  readonly name: string;
  readonly asset: string;
  readonly price: bigint;
  readonly grantAsset: string;
  readonly createTime: bigint;
}

export interface HoldSumRow {
  readonly userId: string;
  readonly asset: string;
  readonly amount: bigint;
}

/** Everything that a ledger consists of. */
export interface LedgerRows {
  /** By key. */
  readonly accounts: readonly AccountRow[];
  /** By key: each account's in order of their sequence. */
  readonly entries: readonly EntryRow[];
  /** Each once, in whatever cells it has rows. */
  readonly transactions: readonly TransactionRow[];
  /** The rows that transactions have in each cell that they touch. */
  readonly transactionRows: readonly TransactionRow[];
  readonly requests: readonly RequestRow[];
  /** Those of the first cell, by item, then version. */
  readonly itemVersions: readonly ItemVersionRow[];
  /** Those of all cells, which all have the same. */
  readonly itemVersionRows: readonly ItemVersionRow[];
  /** What open holds sum up to. */
  readonly openHolds: readonly HoldSumRow[];
}

const micros = (column: string): string => `(extract(epoch FROM ${column}) * 1000000)::bigint`;

const columns = {
  accounts: {
    text: { userId: 'user_id', asset: 'asset', lastHash: `encode(last_hash, 'hex')` },
    number: { stripe: 'stripe' },
    bigint: {
      sequence: 'sequence',
      balance: 'balance',
      debits: 'debits',
      held: 'held',
      minBalance: 'min_balance',
      settingsVersion: 'settings_version',
      lastEntryTime: micros('last_entry_time'),
      commitOrder: 'commit_order',
    },
    order: ['user_id', 'asset', 'stripe'],
  },
  entries: {
    text: { userId: 'user_id', asset: 'asset', transactionId: 'transaction_id', hash: `encode(hash, 'hex')` },
    number: { stripe: 'stripe', kind: 'kind' },
    bigint: {
      sequence: 'sequence',
      change: 'change',
      balanceAfter: 'balance_after',
      debitsAfter: 'debits_after',
      createTime: micros('create_time'),
      effectiveTime: micros('effective_time'),
    },
    order: ['user_id', 'asset', 'stripe', 'sequence'],
  },
  transactions: {
    text: {
      userId: 'user_id',
      transactionId: 'transaction_id',
      requestId: 'request_id',
      caller: 'caller',
      description: 'description',
      reference: 'reference',
      metadata: 'metadata',
      itemId: 'item_id',
      itemName: 'item_name',
      reversesTransactionId: 'reverses_transaction_id',
      entryKeys: 'entry_keys',
      digest: `encode(digest, 'hex')`,
    },
    number: { kind: 'kind', hashVersion: 'hash_version' },
    bigint: {
      createTime: micros('create_time'),
      effectiveTime: micros('effective_time'),
      priceVersion: 'price_version',
      unitPrice: 'unit_price',
      quantity: 'quantity',
      commitOrder: 'commit_order',
    },
    order: ['transaction_id'],
  },
  requests: {
    text: {
      userId: 'user_id',
      requestId: 'request_id',
      method: 'method',
      caller: 'caller',
      outcome: `encode(outcome, 'hex')`,
      transactionId: 'transaction_id',
    },
    number: { code: 'code' },
    bigint: {},
    order: ['user_id', 'request_id'],
  },
  item_versions: {
    text: { itemId: 'item_id', name: 'name', asset: 'asset', grantAsset: 'grant_asset' },
    number: {},
    bigint: { version: 'version', price: 'price', createTime: micros('create_time') },
    order: ['item_id', 'version'],
  },
} as const;

/** Reads the whole ledger. Nothing may be written meanwhile: the tables are read one after the other. */
export async function readLedgerRows(database: Queryable): Promise<LedgerRows> {
  const cells = await database.query<CellRow>('SELECT cell FROM ledger.cells ORDER BY cell');
  const ofCells: LedgerRows[] = [];
  for (const { cell } of cells) ofCells.push(await readCell(database, cell));
  const all = <Key extends keyof LedgerRows>(key: Key): LedgerRows[Key][number][] =>
    ofCells.flatMap((rows): LedgerRows[Key][number][] => [...rows[key]]);
  const transactionRows = all('transactions');
  const firstCells = new Map<string, number>();
  for (const { userId, transactionId, cell } of transactionRows) {
    const id = `${userId} ${transactionId}`;
    if (!firstCells.has(id)) firstCells.set(id, cell);
  }
  return {
    accounts: all('accounts'),
    entries: all('entries'),
    transactions: transactionRows.filter(
      ({ userId, transactionId, cell }) => firstCells.get(`${userId} ${transactionId}`) === cell,
    ),
    transactionRows,
    requests: all('requests'),
    itemVersions: ofCells[0]?.itemVersions ?? [],
    itemVersionRows: all('itemVersions'),
    openHolds: all('openHolds'),
  };
}

async function readCell(database: Queryable, cell: number): Promise<LedgerRows> {
  const schema = cell === 0 ? 'ledger' : `ledger_${cell}`;
  const openHolds = await database.query<{ userId: string; asset: string; amount: string }>(
    `SELECT user_id AS "userId", asset, sum(amount)::text AS amount
       FROM ${schema}.holds WHERE state = 1 GROUP BY user_id, asset`,
  );
  const table = async <Row>(name: keyof typeof columns): Promise<(Row & CellRow)[]> =>
    (await readTable<Row>(database, schema, name)).map((row) => ({ ...row, cell }));
  return {
    accounts: await table<AccountRow>('accounts'),
    entries: await table<EntryRow>('entries'),
    transactions: await table<TransactionRow>('transactions'),
    transactionRows: [],
    requests: await table<RequestRow>('requests'),
    itemVersions: await table<ItemVersionRow>('item_versions'),
    itemVersionRows: [],
    openHolds: openHolds.map((row) => ({ ...row, amount: BigInt(row.amount) })),
  };
}

async function readTable<Row>(
  database: Queryable,
  schema: string,
  table: keyof typeof columns,
): Promise<Row[]> {
  const { text, number, bigint, order } = columns[table];
  const selected = [
    ...Object.entries({ ...text, ...number }).map(([name, sql]) => `${sql} AS "${name}"`),
    ...Object.entries(bigint).map(([name, sql]) => `${sql}::text AS "${name}"`),
  ];
  const rows = await database.query<Record<string, unknown>>(
    // With its table, since a bare name would be that of the selected text.
    `SELECT ${selected.join(', ')} FROM ${schema}.${table} t ORDER BY ${order.map((name) => `t.${name}`).join(', ')}`,
  );
  const bigints = Object.keys(bigint);
  for (const row of rows) {
    for (const name of bigints) {
      const value = row[name];
      row[name] = typeof value === 'string' ? BigInt(value) : null;
    }
  }
  // The table of columns above is what fixes the types.
  return rows as Row[];
}
