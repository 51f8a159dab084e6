import type { ScenarioName } from '../options';
import { balanceScenario } from './balances';
import { batchScenario } from './batches';
import { buildsScenario } from './builds';
import { clientScenario } from './clients';
import { curveScenario } from './curve';
import { growthScenario } from './growth';
import { kindsScenario } from './kinds';
import { lowLoadScenario } from './low-load';
import { openLoopScenario } from './open-loop';
import { overloadScenario } from './overload';
import { fairnessScenario } from './fairness';
import { purchaseScenario } from './purchases';
import type { Scenario } from './scenario';
import { skewScenario } from './skew';
import { watchScenario } from './watch';
import { processesScenario } from './processes';

/** All scenarios by name. */
export const scenarios: Readonly<Record<ScenarioName, Scenario>> = {
  purchases: purchaseScenario,
  skew: skewScenario,
  batches: batchScenario,
  balances: balanceScenario,
  'low-load': lowLoadScenario,
  clients: clientScenario,
  'open-loop': openLoopScenario,
  overload: overloadScenario,
  fairness: fairnessScenario,
  processes: processesScenario,
  builds: buildsScenario,
  kinds: kindsScenario,
  curve: curveScenario,
  growth: growthScenario,
  watch: watchScenario,
};
