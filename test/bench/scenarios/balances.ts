import { closed } from '../variants/variants';
import { ratiosOf, takeTurns, type Scenario } from './scenario';

const IN_FLIGHT = 512;

/** GetBalance compared with an empty rpc of the same size. */
export const balanceScenario: Scenario = async (bench, variants) => {
  const [ledger, noop] = [await variants.ledger(), await variants.noop()];
  const turn = (seconds: number) => closed({ kind: 'balance', distribution: 'uniform' }, IN_FLIGHT, seconds);
  const rows = await takeTurns(bench, [
    { name: 'noop', run: (s) => variants.drive('noop GetBalance', noop, turn(s)) },
    { name: 'GetBalance', run: (s) => variants.drive('GetBalance', ledger, turn(s)) },
  ]);
  return { rows, ratios: { balance_vs_noop: ratiosOf(rows, 'GetBalance', 'noop', 'perSecond') } };
};
