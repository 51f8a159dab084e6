import { LedgerClient } from '@ledger/client';
import { verify } from '../../harness/verification';
import type { Bench } from '../bench';
import type { LoadResult } from '../load/load-spec';
import type { ServerProcess } from '../server-process';
import { closed, type Turn, type Variants } from '../variants/variants';
import type { Scenario, Table } from './scenario';

const POLITE_PER_SECOND = 100;
const AGGRESSOR_IN_FLIGHT = 10_000;
const AGGRESSOR_SESSIONS = 40;
const BATCH_SIZE = 10_000;
const BATCHES_IN_FLIGHT = 4;
/** As many as there is time for; each is 10,000 writes that have to be encoded before. */
const BATCHES_MAX = 12;
/** Those of an aggressor are answered whenever they are. */
const PATIENCE_MS = 60_000;

/** Callers of two kinds, ten of each. */
const CALLERS_OF_KIND = 10;
const GREEDY_IN_FLIGHT = 256;
const MODEST_IN_FLIGHT = 32;

const traffic = { kind: 'purchase', distribution: 'uniform' } as const;

/** Runs beside the polite caller, for a little longer than it. */
type Aggressor = (seconds: number) => Promise<LoadResult | null>;

/** A caller of a hundred purchases a second beside others that send all they can; and callers of unequal greed. */
export const fairnessScenario: Scenario = async (bench, variants) => {
  const ledger = await variants.ledger();
  const besides = aggressors(variants, ledger);
  const ratios = { polite_rate: [] as number[], polite_p99: [] as number[], fairness: [] as number[] };
  const rows: Table['rows'][number][] = [];
  // The first round warms up.
  for (let round = 0; round <= bench.options.rounds; round += 1) {
    const alone = await polite(bench, variants, ledger, null);
    const beside = new Map<string, LoadResult>();
    for (const [name, aggressor] of Object.entries(besides)) {
      beside.set(name, await polite(bench, variants, ledger, aggressor));
    }
    const shares = await sharesOfUnequal(bench, variants, ledger);
    for (const [name, result] of [['alone', alone] as const, ...beside]) {
      const row = {
        round,
        beside: name,
        'per second': Math.round(perSecond(result)),
        ...percentilesOf(result),
      };
      bench.progress(Object.values(row).join('  '));
      if (round > 0) rows.push(row);
    }
    if (round === 0) continue;
    const results = [...beside.values()];
    ratios.polite_rate.push(Math.min(...results.map((each) => perSecond(each) / perSecond(alone))));
    ratios.polite_p99.push(Math.max(...results.map((each) => each.latencyMs.p99 / alone.latencyMs.p99)));
    ratios.fairness.push(jain(shares));
  }
  const columns = ['round', 'beside', 'per second', 'p50 ms', 'p99 ms'];
  return { ratios, tables: [{ title: `a caller of ${POLITE_PER_SECOND} purchases/s`, columns, rows }] };
};

function aggressors(variants: Variants, ledger: ServerProcess): Readonly<Record<string, Aggressor>> {
  const run = async (turn: Turn): Promise<LoadResult> =>
    variants.runBeside(await variants.generator('greedy'), ledger, { ...turn, timeoutMs: PATIENCE_MS });
  return {
    '10,000 purchases in flight': (seconds) =>
      run({ ...closed(traffic, AGGRESSOR_IN_FLIGHT, seconds), sessions: AGGRESSOR_SESSIONS }),
    'batches of 10,000': (seconds) =>
      run({
        traffic: { kind: 'batch', distribution: 'uniform', batchSize: BATCH_SIZE },
        pace: { loop: 'closed', inFlight: BATCHES_IN_FLIGHT, seconds, callsMax: BATCHES_MAX },
        sessions: BATCHES_IN_FLIGHT,
      }),
    'verifications in a loop': async (seconds) => {
      const client = new LedgerClient({ address: ledger.address });
      const end = performance.now() + seconds * 1_000;
      // The last one may take longer than the polite caller does.
      while (performance.now() < end) await verify(client);
      client.close();
      return null;
    },
  };
}

async function polite(
  bench: Bench,
  variants: Variants,
  ledger: ServerProcess,
  aggressor: Aggressor | null,
): Promise<LoadResult> {
  const { seconds } = bench.options;
  const beside = aggressor?.(seconds + 1);
  const result = await variants.runBeside(await variants.generator('polite'), ledger, {
    traffic,
    pace: { loop: 'open', perSecond: POLITE_PER_SECOND, seconds },
    sessions: 1,
  });
  const other = await beside;
  await variants.countWrites(...(other === null || other === undefined ? [result] : [result, other]));
  return result;
}

/** What each of twenty callers got, of which half have eight times as much in flight as the others. */
async function sharesOfUnequal(bench: Bench, variants: Variants, ledger: ServerProcess): Promise<number[]> {
  const half = async (name: string, inFlight: number): Promise<LoadResult> =>
    variants.runBeside(await variants.generator(name), ledger, {
      ...closed(traffic, inFlight * CALLERS_OF_KIND, bench.options.seconds),
      ...{ sessions: CALLERS_OF_KIND, timeoutMs: PATIENCE_MS },
    });
  const [greedy, modest] = await Promise.all([
    half('greedy', GREEDY_IN_FLIGHT),
    half('polite', MODEST_IN_FLIGHT),
  ]);
  await variants.countWrites(greedy, modest);
  return [greedy, modest].flatMap((each) => Array<number>(CALLERS_OF_KIND).fill(perSecond(each)));
}

/** Jain's index: 1 when all have the same, 1/n when one has all. */
function jain(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return (sum * sum) / (shares.length * squares);
}

function perSecond({ operations, seconds }: LoadResult): number {
  return operations / seconds;
}

function percentilesOf({ latencyMs: { p50, p99 } }: LoadResult): Readonly<Record<string, string>> {
  return { 'p50 ms': p50.toFixed(1), 'p99 ms': p99.toFixed(1) };
}
