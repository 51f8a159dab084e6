import { closed, purchases } from '../variants/variants';
import { ratiosOf, takeTurns, type Scenario } from './scenario';

const IN_FLIGHT = 512;

/** This build compared with the build of another checkout, in turns: what a change does to the speed. */
export const buildsScenario: Scenario = async (bench, variants) => {
  const { against } = bench.options;
  if (against === undefined) {
    return { notes: ['builds: --against names no other checkout, so there is nothing to compare with'] };
  }
  const ours = await variants.ledger();
  const theirs = await variants.ledgerOf(against);
  const balances = (s: number) => closed({ kind: 'balance', distribution: 'uniform' }, IN_FLIGHT, s);
  const busy = await takeTurns(bench, [
    { name: 'this build', run: (s) => variants.drive('this', ours, purchases('uniform', IN_FLIGHT, s)) },
    { name: 'other build', run: (s) => variants.drive('other', theirs, purchases('uniform', IN_FLIGHT, s)) },
    { name: 'GetBalance, this build', run: (s) => variants.drive('this', ours, balances(s)) },
    { name: 'GetBalance, other build', run: (s) => variants.drive('other', theirs, balances(s)) },
    { name: 'lone caller, this build', run: (s) => variants.drive('this', ours, purchases('uniform', 1, s)) },
    {
      name: 'lone caller, other build',
      run: (s) => variants.drive('other', theirs, purchases('uniform', 1, s)),
    },
  ]);
  const [lone, otherLone] = ['lone caller, this build', 'lone caller, other build'];
  return {
    rows: busy,
    ratios: {
      build_purchase: ratiosOf(busy, 'this build', 'other build', 'perSecond'),
      build_server_cpu: ratiosOf(busy, 'this build', 'other build', 'serverMicros'),
      build_postgres_cpu: ratiosOf(busy, 'this build', 'other build', 'postgresMicros'),
      build_wal: ratiosOf(busy, 'this build', 'other build', 'walBytes'),
      build_balance: ratiosOf(busy, 'GetBalance, this build', 'GetBalance, other build', 'perSecond'),
      build_lone_p50: ratiosOf(busy, lone, otherLone, 'p50Ms'),
      build_lone_server_cpu: ratiosOf(busy, lone, otherLone, 'serverMicros'),
      build_lone_postgres_cpu: ratiosOf(busy, lone, otherLone, 'postgresMicros'),
    },
  };
};
