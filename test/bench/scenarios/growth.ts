import type { Bench } from '../bench';
import { countBuffers } from '../buffers';
import type { LoadResult } from '../load/load-spec';
import { spreadOf } from '../figures';
import type { ServerProcess } from '../server-process';
import type { Variants } from '../variants/variants';
import { creditInBatches } from '../variants/seed-ledger';
import { SUM_SCHEMA, sumSchema } from '../variants/sum-schema';
import {
  grownUser,
  ledgerOperations,
  operationCalls,
  sumOperations,
  type GrownAccount,
  type OperationName,
} from './growth-calls';
import type { Ratios, Scenario, Series, Table } from './scenario';

const SHORT = 100;
const CREDIT = 1_000_000n;
/** How many credits are encoded at a time. */
const CHUNK = 50_000;
const CALLS = 200;
const QUICK_CALLS = 60;
/** Few, because this design is slow on the long account. */
const SUM_CALLS = 10;
const SUM_ROUNDS_MAX = 3;
const BUFFER_CALLS = 10;

/** The cost of calls by the number of entries of their account, in time and in Postgres buffers. */
export const growthScenario: Scenario = async (bench, variants) => {
  const [ledger, sum] = [await variants.ledger(), await variants.sum()];
  const accounts = await grow(bench, variants, ledger);
  await growSum(bench, variants, accounts);
  const { quick, rounds } = bench.options;
  const calls = quick ? QUICK_CALLS : CALLS;
  const times = new Map<string, number[][]>();
  for (let round = 0; round <= rounds; round += 1) {
    for (const operation of ledgerOperations) {
      const result = await time(bench, variants, 'ledger', ledger, operation, accounts, calls);
      if (round > 0) add(times, `ledger ${operation}`, result);
    }
    for (const operation of round <= SUM_ROUNDS_MAX ? sumOperations : []) {
      const result = await time(bench, variants, 'sum', sum, operation, accounts, SUM_CALLS);
      if (round > 0) add(times, `sum ${operation}`, result);
    }
    bench.progress(round === 0 ? 'warm-up done' : `round ${round}/${rounds}`);
  }
  const buffers = await buffersOfAll(bench, variants, ledger, sum, accounts);
  return {
    ratios: ratiosOf(times),
    tables: [
      tableOf('median ms of a call, by the entries of its account', accounts, times, (rounds) =>
        accounts.map((_, index) => spreadOf(rounds.map((round) => round[index] ?? 0)).median),
      ),
      tableOf('buffers of Postgres that a call touches', accounts, buffers, (values) => values[0] ?? []),
    ],
    charts: [
      {
        file: 'growth.svg',
        title: 'Time of a call by the entries of its account',
        x: 'entries of the account',
        y: 'milliseconds',
        logarithmicY: true,
        series: seriesOf(accounts, times),
      },
    ],
    notes: ['ratios: the short account over the long one; the measured purchases lengthen both accounts'],
  };
};

/** Creates accounts of 100, 1,000, … entries, up to the longest, by credits through the service. */
async function grow(bench: Bench, variants: Variants, ledger: ServerProcess): Promise<GrownAccount[]> {
  const lengths: number[] = [];
  for (let length = SHORT; length < bench.options.entries; length *= 10) lengths.push(length);
  lengths.push(bench.options.entries);
  for (const length of lengths) {
    bench.progress(`an account of ${length} entries is created`);
    for (let from = 0; from < length; from += CHUNK) {
      const count = Math.min(CHUNK, length - from);
      await creditInBatches(bench, ledger, count, (index) => ({
        ...{ requestId: `grow-${from + index}`, userId: grownUser(length), amount: CREDIT },
      }));
      variants.ledgerWrites += count;
    }
  }
  await bench.environment.admin.query('VACUUM (ANALYZE) ledger.entries');
  const accounts: GrownAccount[] = [];
  for (const length of lengths) accounts.push(await readGrown(bench, length));
  return accounts;
}

/** Reads the time and the sequence in the middle of an account. */
async function readGrown({ environment }: Bench, length: number): Promise<GrownAccount> {
  const { rows } = await environment.admin.query<{ micros: string }>(
    `SELECT (extract(epoch FROM create_time) * 1000000)::bigint AS micros FROM ledger.entries
      WHERE user_id = $1 AND sequence = $2`,
    [grownUser(length), Math.floor(length / 2)],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`the account of ${length} entries has no middle`);
  return { length, middleSequence: BigInt(Math.floor(length / 2)), middleTime: BigInt(row.micros) };
}

async function growSum(
  { environment }: Bench,
  variants: Variants,
  accounts: readonly GrownAccount[],
): Promise<void> {
  await environment.admin.query(sumSchema);
  variants.sumRows = accounts.reduce((sum, { length }) => sum + length, 0);
  for (const { length } of accounts) {
    await environment.admin.query(
      `INSERT INTO ${SUM_SCHEMA}.ledger (id, user_id, type, amount_in_cents)
       SELECT gen_random_uuid(), $1, 'CREDIT', $2 FROM generate_series(1, $3)`,
      [grownUser(length), CREDIT, length],
    );
  }
  await environment.admin.query(`VACUUM (ANALYZE) ${SUM_SCHEMA}.ledger`);
}

/** One caller, which calls for each account in turn. */
async function time(
  bench: Bench,
  variants: Variants,
  variant: string,
  server: ServerProcess,
  operation: OperationName,
  accounts: readonly GrownAccount[],
  calls: number,
): Promise<LoadResult> {
  const list = await operationCalls(server.address, operation, accounts, { calls, run: bench.nextRun() });
  const { result } = await bench.drive(`${variant} ${operation}`, server, {
    calls: list,
    sessions: 1,
    pace: { loop: 'closed', inFlight: 1, seconds: 3_600, callsMax: list.length },
  });
  if (variant === 'ledger') variants.ledgerWrites += result.writes;
  else variants.sumRows = (variants.sumRows ?? 0) + result.writes;
  return result;
}

function add(times: Map<string, number[][]>, name: string, { groups }: LoadResult): void {
  times.set(name, [...(times.get(name) ?? []), groups.map(({ p50 }) => p50)]);
}

async function buffersOfAll(
  bench: Bench,
  variants: Variants,
  ledger: ServerProcess,
  sum: ServerProcess,
  accounts: readonly GrownAccount[],
): Promise<Map<string, number[][]>> {
  const { admin } = bench.environment;
  const buffers = new Map<string, number[][]>();
  const measure = async (variant: string, operation: OperationName, calls: number): Promise<void> => {
    const found: number[] = [];
    for (const account of accounts) {
      const work = (): Promise<LoadResult> =>
        time(bench, variants, variant, variant === 'ledger' ? ledger : sum, operation, [account], calls);
      found.push(
        (await countBuffers(admin, variant === 'ledger' ? 'ledger.' : `${SUM_SCHEMA}.`, work)) / calls,
      );
    }
    buffers.set(`${variant} ${operation}`, [found]);
  };
  for (const operation of ledgerOperations) await measure('ledger', operation, BUFFER_CALLS);
  for (const operation of sumOperations) await measure('sum', operation, 1);
  return buffers;
}

function ratiosOf(times: ReadonlyMap<string, readonly number[][]>): Ratios {
  const of = (operation: OperationName): number[] =>
    (times.get(`ledger ${operation}`) ?? []).map((round) => (round[0] ?? NaN) / (round.at(-1) ?? NaN));
  const worse = (one: OperationName, other: OperationName): number[] => {
    const others = of(other);
    return of(one).map((ratio, round) => Math.min(ratio, others[round] ?? NaN));
  };
  return {
    growth_purchase: of('purchase'),
    growth_balance: of('balance'),
    growth_as_of: worse('balance as of a time', 'balance as of a sequence'),
    growth_page: worse('first page', 'last page'),
  };
}

function tableOf(
  title: string,
  accounts: readonly GrownAccount[],
  found: ReadonlyMap<string, number[][]>,
  summary: (rounds: readonly number[][]) => readonly number[],
): Table {
  const rows = [...found].map(([name, rounds]) => {
    const values = summary(rounds);
    const cells = accounts.map(({ length }, index): [string, string] => [
      length.toString(),
      (values[index] ?? NaN).toFixed(2),
    ]);
    const ratio = ((values[0] ?? NaN) / (values.at(-1) ?? NaN)).toFixed(2);
    return { call: name, ...Object.fromEntries(cells), 'short / long': ratio };
  });
  return {
    title,
    columns: ['call', ...accounts.map(({ length }) => length.toString()), 'short / long'],
    rows,
  };
}

function seriesOf(accounts: readonly GrownAccount[], times: ReadonlyMap<string, number[][]>): Series[] {
  const drawn = ['ledger purchase', 'ledger balance', 'ledger last page', 'sum purchase', 'sum balance'];
  return drawn.map((name) => ({
    name,
    points: accounts.map(({ length }, index) => [
      length,
      spreadOf((times.get(name) ?? []).map((round) => round[index] ?? 0)).median,
    ]),
  }));
}
