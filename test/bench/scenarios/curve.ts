import { spreadOf, type Figures } from '../figures';
import { purchases } from '../variants/variants';
import { rowOf, takeTurns, type Row, type Scenario, type Series } from './scenario';

const LEVELS = [1, 8, 64, 128, 256, 512, 1_024];
const QUICK_LEVELS = [1, 64, 512, 1_024];
const variantNames = ['noop', 'ledger', 'per-request'] as const;

/** Throughput and latency by the number of requests in flight. */
export const curveScenario: Scenario = async (bench, variants) => {
  const { quick, rounds, seconds } = bench.options;
  const levels = quick ? QUICK_LEVELS : LEVELS;
  const [ledger, noop] = [await variants.ledger(), await variants.noop()];
  const perRequest = await variants.perRequest('uniform', 512);
  const cells = levels.flatMap((level) => [
    {
      name: nameOf('noop', level),
      run: (s: number) => variants.drive('noop', noop, purchases('uniform', level, s)),
    },
    {
      name: nameOf('ledger', level),
      run: (s: number) => variants.drive('ledger', ledger, purchases('uniform', level, s)),
    },
    {
      name: nameOf('per-request', level),
      run: (s: number) => perRequest.drive(purchases('uniform', level, s)),
    },
  ]);
  const rows = await takeTurns(bench, cells, {
    rounds: Math.min(rounds, quick ? 1 : 3),
    seconds: seconds / 2,
  });
  const line = (name: string, variant: string, figure: keyof Figures): Series => ({
    name,
    points: levels.map((level) => [level, median(rowOf(rows, nameOf(variant, level)), figure)]),
  });
  const x = 'requests in flight';
  return {
    rows,
    charts: [
      {
        ...{ file: 'throughput.svg', title: 'Purchases a second by requests in flight', x, y: 'per second' },
        series: variantNames.map((variant) => line(variant, variant, 'perSecond')),
      },
      {
        ...{
          file: 'latency.svg',
          title: 'Latency of a purchase by requests in flight',
          x,
          y: 'milliseconds',
        },
        logarithmicY: true,
        series: [
          line('ledger p50', 'ledger', 'p50Ms'),
          line('ledger p90', 'ledger', 'p90Ms'),
          line('ledger p99', 'ledger', 'p99Ms'),
          line('per-request p50', 'per-request', 'p50Ms'),
          line('per-request p99', 'per-request', 'p99Ms'),
        ],
      },
    ],
  };
};

function nameOf(variant: string, level: number): string {
  return `${variant}, ${level} in flight`;
}

function median({ turns }: Row, figure: keyof Figures): number {
  return spreadOf(turns.map((turn) => turn[figure])).median;
}
