import type { Latency } from '../load/load-spec';
import { spreadOf } from '../figures';
import { takeTurns, type Scenario } from './scenario';

const PER_SECOND = 1_000;
const percentiles = ['p50', 'p90', 'p99', 'max'] as const;

/** How long WatchEntries takes to deliver a committed entry, while purchases arrive at a moderate rate. */
export const watchScenario: Scenario = async (bench, variants) => {
  const ledger = await variants.ledger();
  const fromAnswer: Latency[] = [];
  const fromCreation: Latency[] = [];
  const rows = await takeTurns(bench, [
    {
      name: 'purchases, watched',
      run: async (seconds) => {
        const measured = await variants.drive('watch', ledger, {
          traffic: { kind: 'purchase', distribution: 'uniform' },
          pace: { loop: 'open', perSecond: PER_SECOND, seconds },
          watched: true,
        });
        const { delivery } = measured.result;
        if (delivery === undefined) throw new Error('the watcher has reported nothing');
        fromAnswer.push(delivery.fromAnswerMs);
        fromCreation.push(delivery.fromCreationMs);
        return measured;
      },
    },
  ]);
  const line = (name: string, turns: readonly Latency[]): Record<string, string> => ({
    'ms until delivery': name,
    // The first turn is the warm-up.
    ...Object.fromEntries(
      percentiles.map((at) => [at, spreadOf(turns.slice(1).map((turn) => turn[at])).median.toFixed(2)]),
    ),
  });
  return {
    rows,
    tables: [
      {
        title: `delivery by WatchEntries at ${PER_SECOND} purchases a second`,
        columns: ['ms until delivery', ...percentiles],
        rows: [line('from the answer', fromAnswer), line('from create_time', fromCreation)],
      },
    ],
    notes: ['every entry of every answered purchase came exactly once'],
  };
};
