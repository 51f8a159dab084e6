import { closed } from '../sides/sides';
import { ratiosOf, takeTurns, type Scenario } from './scenario';

const IN_FLIGHT = 512;

/** A look at a balance beside an empty rpc of that size. */
export const balanceScenario: Scenario = async (bench, sides) => {
  const [ledger, noop] = [await sides.ledger(), await sides.noop()];
  const turn = (seconds: number) => closed({ kind: 'balance', distribution: 'uniform' }, IN_FLIGHT, seconds);
  const rows = await takeTurns(bench, [
    { name: 'noop', run: (s) => sides.drive('noop GetBalance', noop, turn(s)) },
    { name: 'GetBalance', run: (s) => sides.drive('GetBalance', ledger, turn(s)) },
  ]);
  return { rows, ratios: { balance_vs_noop: ratiosOf(rows, 'GetBalance', 'noop', 'perSecond') } };
};
