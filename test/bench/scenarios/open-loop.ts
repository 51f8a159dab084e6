import { purchases, type Turn } from '../variants/variants';
import { rowOf, takeTurns, type Scenario } from './scenario';

const IN_FLIGHT = 512;
const SHARE_OF_PEAK = 0.5;

/** Calls at a fixed rate, half of what the server can do, whether or not earlier calls have been answered. */
export const openLoopScenario: Scenario = async (bench, variants) => {
  const [ledger, noop] = [await variants.ledger(), await variants.noop()];
  const half = (seconds: number): Turn => ({
    traffic: { kind: 'purchase', distribution: 'uniform' },
    pace: { loop: 'open', perSecond: peak * SHARE_OF_PEAK, seconds },
  });
  let peak = 0;
  const rows = await takeTurns(bench, [
    {
      name: 'peak',
      run: async (s) => {
        const measured = await variants.drive('peak', ledger, purchases('uniform', IN_FLIGHT, s));
        peak = measured.figures.perSecond;
        return measured;
      },
    },
    {
      name: 'half of the peak',
      run: (s) => variants.drive('half of the peak', ledger, half(s)),
    },
    // Shows how much of the tail comes from the machine and from Node.
    { name: 'noop, same rate', run: (s) => variants.drive('noop, same rate', noop, half(s)) },
  ]);
  const turns = rowOf(rows, 'half of the peak').turns;
  return {
    rows,
    ratios: { p99_over_p50: turns.map(({ p99Ms, p50Ms }) => p99Ms / p50Ms) },
    notes: ['open loop: latency counts from when a call was due'],
  };
};
