import type { Distribution } from '../random';
import type { Turn } from '../variants/variants';
import { ratiosOf, takeTurns, type Scenario } from './scenario';

const WRITES = 1_000;
const IN_FLIGHT = 4;
/** More than any server here can answer. */
const BATCHES_PER_SECOND_MAX = 100;

/** BatchWrite compared with bulk inserts of the same rows. */
export const batchScenario: Scenario = async (bench, variants) => {
  const ledger = await variants.ledger();
  const bulk = await variants.rawBulk(WRITES);
  const rows = await takeTurns(bench, [
    { name: 'BatchWrite', run: (s) => variants.drive('BatchWrite', ledger, batches('uniform', s)) },
    { name: 'raw bulk inserts', run: (s) => bulk.run(s) },
    { name: 'BatchWrite, one account', run: (s) => variants.drive('BatchWrite', ledger, batches('hot', s)) },
  ]);
  return {
    rows,
    ratios: { batch_vs_raw_bulk: ratiosOf(rows, 'BatchWrite', 'raw bulk inserts', 'perSecond') },
    notes: [
      `per write; ${WRITES} in a message, ${IN_FLIGHT} messages in flight; bulk inserts by ${bulk.clients} clients; ` +
        'latencies are those of whole messages',
    ],
  };
};

function batches(distribution: Distribution, seconds: number): Turn {
  return {
    traffic: { kind: 'batch', distribution, batchSize: WRITES },
    pace: {
      ...{ loop: 'closed', inFlight: IN_FLIGHT, seconds },
      callsMax: Math.ceil(seconds * BATCHES_PER_SECOND_MAX),
    },
  };
}
