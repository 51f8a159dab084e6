import { processesOfTree } from '../accounting';
import { purchases } from '../sides/sides';
import { ratiosOf, takeTurns, type Scenario } from './scenario';

const IN_FLIGHT = 512;
const WORKERS = 2;

/** Two server processes on one port. Whether there is CPU left for the second one is for the reader to see. */
export const workersScenario: Scenario = async (bench, sides) => {
  const one = await sides.ledger();
  const two = await sides.startLedger({ LEDGER_WORKERS: WORKERS.toString() });
  if (processesOfTree(two.pid) < WORKERS) {
    await two.stop();
    const note = 'workers_2: not supported by this server';
    bench.progress(note);
    return { notes: [note] };
  }
  const rows = await takeTurns(bench, [
    { name: 'one process', run: (s) => sides.drive('one', one, purchases('uniform', IN_FLIGHT, s)) },
    { name: 'two processes', run: (s) => sides.drive('two', two, purchases('uniform', IN_FLIGHT, s)) },
  ]);
  await two.stop();
  return { rows, ratios: { workers_2: ratiosOf(rows, 'two processes', 'one process', 'perSecond') } };
};
