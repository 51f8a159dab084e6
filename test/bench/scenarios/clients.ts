import type { ClientLoadSpec } from '../load/client-load';
import type { ServerProcess } from '../server-process';
import { ratiosOf, takeTurns, type Cell, type Scenario } from './scenario';

const IN_FLIGHT = 256;

/**
 * The client of the ledger as a service uses it, in one process: concurrent purchases over one stream beside unary ones,
 * and beside empty unary calls of the generated client; and one caller alone.
 */
export const clientScenario: Scenario = async (bench, variants) => {
  const [ledger, noop] = [await variants.ledger(), await variants.noop()];
  const cell = (
    name: string,
    server: ServerProcess,
    client: ClientLoadSpec['client'],
    inFlight: number,
  ): Cell => ({
    name,
    run: (seconds) => variants.driveClient(name, server, { client, inFlight, seconds }),
  });
  const rows = await takeTurns(bench, [
    cell('coalescing', ledger, 'coalescing', IN_FLIGHT),
    cell('unary', ledger, 'unary', IN_FLIGHT),
    cell('empty', noop, 'plain', IN_FLIGHT),
    cell('one caller, coalescing', ledger, 'coalescing', 1),
    cell('one caller, unary', ledger, 'unary', 1),
  ]);
  return {
    rows,
    ratios: {
      client_coalesced_vs_client_unary: ratiosOf(rows, 'coalescing', 'unary', 'perSecond'),
      coalesced_purchase_vs_empty_rpc: ratiosOf(rows, 'coalescing', 'empty', 'perSecond'),
      coalesced_server_cpu_vs_empty_rpc: ratiosOf(rows, 'coalescing', 'empty', 'serverMicros'),
      lone_coalescing_p50: ratiosOf(rows, 'one caller, coalescing', 'one caller, unary', 'p50Ms'),
    },
  };
};
