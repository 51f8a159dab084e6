import { closed } from '../variants/variants';
import { takeTurns, type Scenario } from './scenario';

const IN_FLIGHT = 512;
const kinds = ['credit', 'transfer', 'page', 'mixed'] as const;

/** The other rpcs and a mixture of all, compared with each other. */
export const kindsScenario: Scenario = async (bench, variants) => {
  const ledger = await variants.ledger();
  const rows = await takeTurns(
    bench,
    kinds.map((kind) => ({
      name: kind,
      run: (s) => variants.drive(kind, ledger, closed({ kind, distribution: 'uniform' }, IN_FLIGHT, s)),
    })),
    { rounds: Math.min(bench.options.rounds, bench.options.quick ? 1 : 3) },
  );
  return {
    rows,
    notes: ['mixed: half purchases, an eighth each of credits, transfers, balances and pages'],
  };
};
