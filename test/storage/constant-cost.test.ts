import { Metadata } from '@grpc/grpc-js';
import type { QueryRunner } from 'typeorm';
import { ListAccountsRequest, ListAccountsResponse } from '@ledger/proto/ledger/v1/account_service';
import { SortOrder } from '@ledger/proto/ledger/v1/ledger';
import {
  GetBalanceRequest,
  ListEntriesRequest,
  ListEntriesResponse,
  ListHoldsRequest,
  ListTransactionsRequest,
} from '@ledger/proto/ledger/v1/ledger_service';
import { listAccounts } from '../../services/ledger/src/handlers/accounts';
import { getBalance } from '../../services/ledger/src/handlers/balances';
import { listHolds } from '../../services/ledger/src/handlers/holds';
import { listEntries } from '../../services/ledger/src/handlers/entries';
import { PageTokens } from '../../services/ledger/src/mapping/page-token';
import { listTransactions } from '../../services/ledger/src/handlers/transactions';
import type { UnaryMethod } from '@ledger/kit/rpc/unary';
import { BalanceReader } from '../../services/ledger/src/store/balance-reader';
import { SettledHorizon } from '../../services/ledger/src/store/settled-horizon';
import type { Connection } from '../../services/ledger/src/store/pg/connection';
import { createDataSource } from '@ledger/kit/postgres/data-source';
import { ledgerSource, readerParameters } from '../../services/ledger/src/store/data-source';
import { fixPlans } from '../../services/ledger/src/store/statements/fix-plans';
import { connectionOf } from '../../services/ledger/src/store/pg/connection';
import { ONE_CELL } from '../../services/ledger/src/ledger/placement';
import type { Store } from '../../services/ledger/src/store/store';
import { columnLiteral } from '../harness/column-literal';
import { AN_HOUR_MS } from '../harness/limits';
import { createTestDatabase, type TestDatabase } from '../harness/test-database';

const SHORT = 100;
const LONG = 50_000;
/** Of each system account; its entries are spread over them. */
const STRIPES = 4;
const START = 1_700_000_000;
const PAGE = 20;
/** Between two pages that are measured, as long as there are so many: the last ones are all measured. */
const SKIPPED = 1_000;
/** For each row of an account: itself, its entries, the index of times and the steps of its times, at two ends. */
const LOOK_UPS = 6;
/** What deeper indexes and a page that ends elsewhere on a block may cost, for each look-up. */
const MORE_PER_LOOK_UP = 3;

const tokens = new PageTokens(Buffer.alloc(32));
const context = {
  peer: 'test',
  requestBytes: 0,
  deadline: Infinity,
  isCancelled: () => false,
  metadata: new Metadata(),
  signal: new AbortController().signal,
};

/** An account, and how many entries (of a system account: of all its stripes) it has. */
interface Sized {
  readonly userId: string;
  readonly length: number;
}

const users: [short: Sized, long: Sized] = [
  { userId: 'short', length: SHORT },
  { userId: 'long', length: LONG },
];
const systemAccounts: typeof users = [
  { userId: '@short', length: SHORT * STRIPES },
  { userId: '@long', length: LONG },
];

describe('the cost of a read, in blocks of the database', () => {
  let database: TestDatabase;
  let connection: Connection;
  let close: () => Promise<void>;
  let blocks = 0;
  let counted = true;
  let last: Promise<unknown> = Promise.resolve();

  beforeAll(async () => {
    database = await createTestDatabase();
    for (const sized of [...users, ...systemAccounts]) await fill(database, sized);
    for (const sized of users) await fillAccounts(database, sized);
    await database.query('VACUUM (ANALYZE)');
    const parameters = readerParameters(10_000);
    const source = createDataSource(
      ledgerSource({
        ...{ url: database.url, applicationName: 'cost', poolSize: 1 },
        ...{ parameters, onSession: fixPlans },
      }),
    );
    await source.initialize();
    const runner = source.createQueryRunner();
    connection = await connectionOf(runner);
    close = async () => {
      await runner.release();
      await source.destroy();
    };
    const read: Store['read'] = (work) => work(counting(connection, runner));
    store = { placement: ONE_CELL, read, reader: () => read };
  });
  afterAll(async () => {
    await close();
    await database.drop();
  });

  let store: Pick<Store, 'placement' | 'read' | 'reader'>;

  describe.each([
    { account: 'a user', sizes: users, rows: 1 },
    { account: 'a system account', sizes: systemAccounts, rows: STRIPES },
  ])('of $account does not grow with its entries', ({ sizes, rows }) => {
    const lookUps = rows * LOOK_UPS;

    it('for the balance now', async () => {
      const [short, long] = await costs(sizes, ({ userId }) => balance({ userId, asset: 'GOLD' }));
      expect(long).toBeLessThanOrEqual(short + 1);
    });

    // As far into the 64 entries of a step of the sparse index, so that the same number is read.
    it.each([
      ['before all', () => -1],
      ['early', () => 30],
      ['at the first step', () => 64 * 4],
      ['in the middle', ({ length }: Sized) => step(length / 2) + 30],
      ['late', ({ length }: Sized) => length - 1],
      ['after all', ({ length }: Sized) => length + 10],
    ])('for the balance at a time: %s', async (_when, at) => {
      const [short, long] = await costs(sizes, (sized) => {
        const asOf = { $case: 'asOfTime' as const, value: timeOf(at(sized)) };
        return balance({ userId: sized.userId, asset: 'GOLD', asOf });
      });
      // What lies between the last step and the time, at the worst all 64 entries.
      const within = rows * 8;
      expect(long).toBeLessThanOrEqual(short + lookUps * MORE_PER_LOOK_UP + within);
      expect(long).toBeLessThanOrEqual(lookUps * (MORE_PER_LOOK_UP + 3) + within);
    });

    it.each([
      ['newest first', SortOrder.NEWEST_FIRST, {}],
      ['oldest first', SortOrder.OLDEST_FIRST, {}],
      ['newest first, from a time', SortOrder.NEWEST_FIRST, { from: 0.9 }],
      ['newest first, to a time', SortOrder.NEWEST_FIRST, { to: 0.1 }],
      ['oldest first, between times', SortOrder.OLDEST_FIRST, { from: 0.5, to: 0.6 }],
    ])('for a page of entries, wherever it lies: %s', async (_how, order, { from, to }: Part) => {
      const costsOf = async ({ userId, length }: Sized): Promise<number[]> => {
        const startTime = from === undefined ? undefined : timeOf(from * length);
        const endTime = to === undefined ? undefined : timeOf(to * length);
        const request = { userId, asset: 'GOLD', order, startTime, endTime };
        return pageCosts(async (pageToken, pageSize) => {
          const page = ListEntriesRequest.fromPartial({ ...request, pageSize, pageToken });
          const answer = ListEntriesResponse.decode(
            await send(listEntries(storeOf(), tokens, horizonOf()), page),
          );
          return { token: answer.nextPageToken, rows: answer.entries.length };
        });
      };
      const short = await costsOf(sizes[0]);
      const long = await costsOf(sizes[1]);
      expect(long.length).toBeGreaterThan(short.length);
      expect(Math.max(...long)).toBeLessThanOrEqual(Math.max(...short) + lookUps * MORE_PER_LOOK_UP);
    });
  });

  it('of a user does not grow with the entries, for the balance at a sequence', async () => {
    for (const at of [0n, 1n, 50n, 99n]) {
      const asOf = { $case: 'asOfSequence' as const, value: at };
      const [short, long] = await costs(users, ({ userId }) => balance({ userId, asset: 'GOLD', asOf }));
      expect(long).toBeLessThanOrEqual(short + 1);
    }
  });

  // In the order of ids, so that the token of any page is known.
  it.each<[string, Pages]>([
    [
      'holds',
      everywhere(({ userId }, at) =>
        send(listHolds(storeOf(), at), ListHoldsRequest.fromPartial({ userId, pageSize: PAGE })),
      ),
    ],
    [
      'transactions of a user',
      everywhere(({ userId }, at) =>
        send(
          listTransactions(storeOf(), at, horizonOf()),
          ListTransactionsRequest.fromPartial({ userId, pageSize: PAGE }),
        ),
      ),
    ],
    [
      'transactions of a reference',
      everywhere(({ userId: reference }, at) =>
        send(
          listTransactions(storeOf(), at, horizonOf()),
          ListTransactionsRequest.fromPartial({ reference, pageSize: PAGE }),
        ),
      ),
    ],
    [
      'transactions of a user, oldest first, from a time',
      everywhere(({ userId, length }, at) => {
        const filter = { userId, order: SortOrder.OLDEST_FIRST, startTime: timeOf(length / 4) };
        return send(
          listTransactions(storeOf(), at, horizonOf()),
          ListTransactionsRequest.fromPartial({ ...filter, pageSize: PAGE }),
        );
      }),
    ],
  ])('of a page of %s does not grow with them, wherever it lies', async (_what, page) => {
    const costsOf = async (sized: Sized): Promise<number[]> => {
      const found: number[] = [];
      for (const place of ['start', 'middle', 'end'] as const) {
        blocks = 0;
        expect((await page[place](sized)).length).toBeGreaterThan(PAGE);
        found.push(blocks);
      }
      return found;
    };
    const [short, long] = await eachOf(users, costsOf);
    // Each entry of a transaction is found by its key.
    expect(Math.max(...long)).toBeLessThanOrEqual(Math.max(...short) + (2 * PAGE + 2) * 2);
  });

  it.each([
    ['with a prefix', ({ userId }: Sized) => `${userId}-`],
    ['of all', () => ''],
  ])('of a page of accounts %s does not grow with them, wherever it lies', async (_which, prefixOf) => {
    const costsOf = async (sized: Sized): Promise<number[]> => {
      const found: number[] = [];
      for (const at of [-1, sized.length / 2, sized.length - PAGE - 5]) {
        const position = new KnownPosition(`${sized.userId}-${numbered(at)}\nGOLD`);
        const request = ListAccountsRequest.fromPartial({ userIdPrefix: prefixOf(sized), pageSize: PAGE });
        blocks = 0;
        const { accounts } = ListAccountsResponse.decode(
          await send(listAccounts(storeOf(), position), request),
        );
        expect(accounts[0]?.userId).toBe(`${sized.userId}-${numbered(at + 1)}`);
        expect(accounts).toHaveLength(PAGE);
        found.push(blocks);
      }
      return found;
    };
    const [short, long] = await eachOf(users, costsOf);
    expect(Math.max(...long)).toBeLessThanOrEqual(Math.max(...short) + MORE_PER_LOOK_UP);
    expect(Math.max(...long)).toBeLessThan(PAGE);
  });

  function everywhere(read: (sized: Sized, at: PageTokens) => Promise<Buffer>): Pages {
    return {
      start: (sized) => read(sized, tokens),
      middle: (sized) => read(sized, new KnownPosition(idOf(sized.length / 2))),
      end: (sized) => read(sized, new KnownPosition(idOf(sized.length - PAGE - 5))),
    };
  }

  type Pages = Record<'start' | 'middle' | 'end', (sized: Sized) => Promise<Buffer>>;

  interface Part {
    readonly from?: number;
    readonly to?: number;
  }

  function storeOf(): Store {
    // The rpcs only read.
    return store as Store;
  }

  function horizonOf(): SettledHorizon {
    return new SettledHorizon(storeOf(), AN_HOUR_MS);
  }

  function balance(request: Partial<GetBalanceRequest>): Promise<Buffer> {
    const balances = new BalanceReader({
      placement: ONE_CELL,
      connections: 2,
      read: (work) => storeOf().read(work),
    });
    const method = getBalance(storeOf(), balances, horizonOf());
    return send(method, GetBalanceRequest.fromPartial(request));
  }

  async function costs(
    [short, long]: typeof users,
    read: (sized: Sized) => Promise<unknown>,
  ): Promise<[short: number, long: number]> {
    return eachOf([short, long], async (sized) => {
      blocks = 0;
      await read(sized);
      expect(blocks).toBeGreaterThan(0);
      return blocks;
    });
  }

  /** The cost of a page at the beginning, of some on the way, and of all near the end. */
  async function pageCosts(
    read: (pageToken: string, pageSize: number) => Promise<{ token: string; rows: number }>,
  ): Promise<number[]> {
    const found: number[] = [];
    let token = '';
    for (;;) {
      blocks = 0;
      const page = await read(token, PAGE);
      found.push(blocks);
      if (page.token === '') return found;
      expect(page.rows).toBe(PAGE);
      // On to the last page where it is near, past many at once where it is not.
      counted = false;
      const next = await read(page.token, SKIPPED);
      counted = true;
      token = next.token === '' ? page.token : next.token;
    }
  }

  /** Runs each statement, and adds the blocks that its generic plan touches. */
  function counting(real: Connection, runner: QueryRunner): Connection {
    return {
      query: async (config) => {
        if (!counted) return real.query(config);
        // One after the other: an rpc may send several at once.
        const turn = last.then(() => explain(config));
        last = turn.catch(() => undefined);
        await turn;
        return real.query(config);
      },
    };

    async function explain(config: Parameters<Connection['query']>[0]): Promise<void> {
      const values = (config.values ?? []).map(literal).join(', ');
      const prepared = `examined_${config.name ?? ''}`;
      if (!known.has(prepared)) await runner.query(`PREPARE ${prepared} AS ${config.text}`);
      known.add(prepared);
      const explained: unknown = await runner.query(
        `EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) EXECUTE ${prepared}${values === '' ? '' : `(${values})`}`,
      );
      const [row] = explained as { 'QUERY PLAN': { Plan: Record<string, number> }[] }[];
      const { Plan: plan } = row!['QUERY PLAN'][0]!;
      blocks += plan['Shared Hit Blocks']! + plan['Shared Read Blocks']!;
    }
  }

  const known = new Set<string>();
});

/** A page somewhere inside. */
class KnownPosition extends PageTokens {
  constructor(private readonly id: string) {
    super(Buffer.alloc(32));
  }

  override open(): Buffer {
    return Buffer.from(this.id);
  }
}

/** The id of what is at a position, as `fill` makes it. */
function idOf(position: number): string {
  const millis = ((START + Math.floor(position)) * 1000).toString(16).padStart(12, '0');
  return `${millis.slice(0, 8)}-${millis.slice(8)}-7000-8000-000000000000`;
}

async function send<Request>(method: UnaryMethod<Request>, request: Request): Promise<Buffer> {
  const reply = await method.handle(request, context);
  if (!Buffer.isBuffer(reply)) throw new TypeError('a read answers with bytes');
  return reply;
}

async function eachOf<T>(
  [short, long]: [short: Sized, long: Sized],
  work: (sized: Sized) => Promise<T>,
): Promise<[short: T, long: T]> {
  return [await work(short), await work(long)];
}

/** The time of an entry of that position, from 0, over all stripes. */
function timeOf(position: number): { seconds: bigint; nanos: number } {
  return { seconds: BigInt(START + Math.floor(position)), nanos: 0 };
}

function step(position: number): number {
  return Math.floor(position / 256) * 256;
}

function numbered(position: number): string {
  return Math.floor(position).toString().padStart(6, '0');
}

/** As many accounts of users whose ids begin with that one's. */
async function fillAccounts(database: TestDatabase, { userId, length }: Sized): Promise<void> {
  await database.query(
    `INSERT INTO ledger.accounts (user_id, asset, stripe, sequence, balance, debits, last_hash, commit_order, create_time)
     SELECT '${userId}-' || lpad(n::text, 6, '0'), 'GOLD', 0, 0, 0, 0, sha256(''), 1, to_timestamp(${START})
       FROM generate_series(0, ${length - 1}) n`,
  );
}

function literal(value: unknown): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint')
    return `'${value}'`;
  if (Buffer.isBuffer(value)) return columnLiteral(value);
  throw new TypeError('no read sends such a value');
}

/** An entry a second, and for users as many holds and transactions. */
async function fill(database: TestDatabase, { userId, length }: Sized): Promise<void> {
  const stripes = userId.startsWith('@') ? STRIPES : 1;
  const time = `to_timestamp(${START} + n)`;
  const hash = `sha256(n::text::bytea)`;
  // UUIDs in the order of time, as the ledger makes them.
  const id = `(lpad(to_hex((${START} + n)::bigint * 1000), 12, '0') || '70008000000000000000')::uuid`;
  await database.query(
    `INSERT INTO ledger.entries (user_id, asset, stripe, sequence, transaction_id, kind, change, balance_after,
                                 debits_after, create_time, hash)
     SELECT '${userId}', 'GOLD', n % ${stripes}, 1 + n / ${stripes}, ${id}, 1, 1, 1 + n / ${stripes}, 0, ${time}, ${hash}
       FROM generate_series(0, ${length - 1}) n`,
  );
  await database.query(
    `INSERT INTO ledger.accounts (user_id, asset, stripe, sequence, balance, debits, last_hash, last_entry_time,
                                  commit_order, create_time)
     SELECT user_id, asset, stripe, count(*), count(*), 0, sha256(''), max(create_time), 1, min(create_time)
       FROM ledger.entries WHERE user_id = '${userId}' GROUP BY user_id, asset, stripe`,
  );
  if (stripes > 1) return;
  const key = `json_build_array('${userId}', 'GOLD', 0, (n + 1)::text)`;
  await database.query(
    `INSERT INTO ledger.requests (user_id, request_id, method, caller, content_hash, content_hash_version, code,
                                  reason, outcome, create_time, transaction_id, kind, description, reference, metadata,
                                  entry_keys, digest, hash_version, commit_order)
     SELECT '${userId}', n::text, 'Credit', '', ${hash}, 1, 0, '', '', ${time}, ${id}, 1, '', '${userId}', '{}',
            json_build_array(${key}, ${key}), ${hash}, 1, n
       FROM generate_series(0, ${length - 1}) n`,
  );
  await database.query(
    `INSERT INTO ledger.holds (user_id, hold_id, asset, amount, destination, state, create_time, update_time)
     SELECT '${userId}', ${id}, 'GOLD', 1, '@revenue', 2, ${time}, ${time} FROM generate_series(0, ${length - 1}) n`,
  );
}
