import { purchases } from '../variants/variants';
import { ratiosOf, takeTurns, type Scenario } from './scenario';

const IN_FLIGHT = 512;

/** A single caller: it must not wait for a batch to fill up. */
export const lowLoadScenario: Scenario = async (bench, variants) => {
  const [ledger, noop] = [await variants.ledger(), await variants.noop()];
  const perRequest = await variants.perRequest('uniform', IN_FLIGHT);
  const rows = await takeTurns(bench, [
    { name: 'noop', run: (s) => variants.drive('noop', noop, purchases('uniform', 1, s)) },
    { name: 'ledger', run: (s) => variants.drive('ledger', ledger, purchases('uniform', 1, s)) },
    { name: 'per-request', run: (s) => perRequest.drive(purchases('uniform', 1, s)) },
  ]);
  return { rows, ratios: { low_load_p50: ratiosOf(rows, 'ledger', 'per-request', 'p50Ms') } };
};
