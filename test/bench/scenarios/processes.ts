import { processesOfTree } from '../cpu-accounting';
import { purchases } from '../variants/variants';
import { ratiosOf, takeTurns, type Scenario } from './scenario';

const IN_FLIGHT = 512;
const PROCESSES = 2;

/** Two server processes on one port. The free cores in the table say whether the second one has CPU to use. */
export const processesScenario: Scenario = async (bench, variants) => {
  const one = await variants.ledger();
  const two = await variants.startLedger({ LEDGER_PROCESSES: PROCESSES.toString() });
  if (processesOfTree(two.pid) < PROCESSES) {
    await two.stop();
    const note = 'processes_2: not supported by this server';
    bench.progress(note);
    return { notes: [note] };
  }
  const rows = await takeTurns(bench, [
    { name: 'one process', run: (s) => variants.drive('one', one, purchases('uniform', IN_FLIGHT, s)) },
    { name: 'two processes', run: (s) => variants.drive('two', two, purchases('uniform', IN_FLIGHT, s)) },
  ]);
  await two.stop();
  return { rows, ratios: { processes_2: ratiosOf(rows, 'two processes', 'one process', 'perSecond') } };
};
