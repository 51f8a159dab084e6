import { setTimeout as delay } from 'node:timers/promises';
import type { Measured } from '../bench';
import { purchases, type Turn } from '../variants/variants';
import { ratiosOf, takeTurns, type Cell, type Scenario } from './scenario';

const IN_FLIGHT = 512;
const TIMEOUT_MS = 1_000;
/** Many clients, each with what a client may have in flight. */
const SESSIONS = 40;
/** The time that the server has to be itself again. */
const RECOVERY_MS = 2_000;
/** No more can be sent by a process beside a server on two cores. */
const RATE_MAX = 60_000;

/** Open loops of more than the server can do, whose callers wait for a second: what counts is answered within it. */
export const overloadScenario: Scenario = async (bench, variants) => {
  const ledger = await variants.ledger();
  let peak = 0;
  const over = (times: number, seconds: number): Turn => ({
    traffic: { kind: 'purchase', distribution: 'uniform' },
    pace: { loop: 'open', perSecond: Math.min(RATE_MAX, peak * times), seconds },
    ...{ timeoutMs: TIMEOUT_MS, sessions: SESSIONS },
  });
  const closedLoop = (name: string, seconds: number): Promise<Measured> =>
    variants.drive(name, ledger, purchases('uniform', IN_FLIGHT, seconds));
  // Shorter than callers wait, a turn would show nothing.
  const seconds = Math.max(bench.options.seconds, 3 * (TIMEOUT_MS / 1_000));
  const cells: Cell[] = [
    {
      name: 'peak',
      run: async (s) => {
        const measured = await closedLoop('peak', s);
        peak = measured.figures.perSecond;
        return measured;
      },
    },
    { name: 'three times', run: (s) => variants.drive('three times', ledger, over(3, s)) },
    { name: 'ten times', run: (s) => variants.drive('ten times', ledger, over(10, s)) },
    {
      name: 'two seconds after',
      run: async (s) => {
        await variants.drive('before', ledger, over(10, s));
        await delay(RECOVERY_MS);
        return closedLoop('after', s);
      },
    },
  ];
  const rows = await takeTurns(bench, cells, { seconds });
  return {
    rows,
    ratios: {
      goodput_at_3: ratiosOf(rows, 'three times', 'peak', 'perSecond'),
      goodput_at_10: ratiosOf(rows, 'ten times', 'peak', 'perSecond'),
      after_overload: ratiosOf(rows, 'two seconds after', 'peak', 'perSecond'),
    },
    notes: [
      `open loops: only what was answered within ${TIMEOUT_MS} ms counts; the load takes its share of the cores`,
    ],
  };
};
