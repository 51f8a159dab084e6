import { purchases } from '../variants/variants';
import { ratiosOf, takeTurns, type Scenario } from './scenario';

const IN_FLIGHT = 512;

/** The cost of contention: many callers that use the same account at once. */
export const skewScenario: Scenario = async (bench, variants) => {
  const ledger = await variants.ledger();
  const perRequest = await variants.perRequest('hot', IN_FLIGHT);
  const rows = await takeTurns(bench, [
    { name: 'uniform', run: (s) => variants.drive('uniform', ledger, purchases('uniform', IN_FLIGHT, s)) },
    { name: 'Zipf 1.0', run: (s) => variants.drive('Zipf', ledger, purchases('zipf', IN_FLIGHT, s)) },
    { name: 'one account', run: (s) => variants.drive('hot', ledger, purchases('hot', IN_FLIGHT, s)) },
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
