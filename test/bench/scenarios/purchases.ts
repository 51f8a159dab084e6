import { purchases } from '../variants/variants';
import { ratiosOf, takeTurns, type Cell, type Scenario } from './scenario';

const IN_FLIGHT = 512;

/**
 * A purchase compared with an empty rpc (with Postgres idle, and with Postgres busy on the same machine), with one
 * transaction per request, and with Postgres alone.
 */
export const purchaseScenario: Scenario = async (bench, variants) => {
  const [ledger, noop] = [await variants.ledger(), await variants.noop()];
  const perRequest = await variants.perRequest('uniform', IN_FLIGHT);
  const raw = await variants.raw('uniform');
  const noopBeside: Cell = {
    name: 'noop beside Postgres',
    run: (s) => variants.noopBesidePostgres(purchases('uniform', IN_FLIGHT, s)),
  };
  const beside = bench.options.quick ? [] : [noopBeside];
  const rows = await takeTurns(bench, [
    { name: 'noop', run: (s) => variants.drive('noop', noop, purchases('uniform', IN_FLIGHT, s)) },
    ...beside,
    { name: 'ledger', run: (s) => variants.drive('ledger', ledger, purchases('uniform', IN_FLIGHT, s)) },
    { name: 'raw function', run: (s) => raw.run(s) },
    { name: 'per-request', run: (s) => perRequest.drive(purchases('uniform', IN_FLIGHT, s)) },
  ]);
  return {
    rows,
    ratios: {
      purchase_vs_noop: ratiosOf(rows, 'ledger', 'noop', 'perSecond'),
      server_cpu_vs_noop: ratiosOf(rows, 'ledger', 'noop', 'serverMicros'),
      postgres_cpu_vs_raw: ratiosOf(rows, 'ledger', 'raw function', 'postgresMicros'),
      purchase_vs_raw: ratiosOf(rows, 'ledger', 'raw function', 'perSecond'),
      purchase_vs_per_request: ratiosOf(rows, 'ledger', 'per-request', 'perSecond'),
    },
    notes: beside.map(
      ({ name }) => `${name}: measured while two raw clients keep Postgres busy on the same cores`,
    ),
  };
};
