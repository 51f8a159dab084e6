import { purchases } from '../sides/sides';
import { ratiosOf, takeTurns, type Scenario } from './scenario';

const IN_FLIGHT = 512;

/** What it costs that many want the same account at once. */
export const skewScenario: Scenario = async (bench, sides) => {
  const ledger = await sides.ledger();
  const perRequest = await sides.perRequest('hot', IN_FLIGHT);
  const rows = await takeTurns(bench, [
    { name: 'uniform', run: (s) => sides.drive('uniform', ledger, purchases('uniform', IN_FLIGHT, s)) },
    { name: 'Zipf 1.0', run: (s) => sides.drive('Zipf', ledger, purchases('zipf', IN_FLIGHT, s)) },
    { name: 'one account', run: (s) => sides.drive('hot', ledger, purchases('hot', IN_FLIGHT, s)) },
    { name: 'per-request, one account', run: (s) => perRequest.drive(purchases('hot', IN_FLIGHT, s)) },
  ]);
  return {
    rows,
    ratios: {
      hot_vs_uniform: ratiosOf(rows, 'one account', 'uniform', 'perSecond'),
      zipf_vs_uniform: ratiosOf(rows, 'Zipf 1.0', 'uniform', 'perSecond'),
      hot_vs_per_request_hot: ratiosOf(rows, 'one account', 'per-request, one account', 'perSecond'),
    },
    notes: [`per-request: pool of ${perRequest.poolSize}`],
  };
};
