import { runService } from '@ledger/kit/server/run-service';
import { startPeepcoins } from './server';

runService({
  name: 'peepcoins',
  settings: (environment) => ({ ...environment.service('127.0.0.1:50052'), ...environment.database() }),
  start: startPeepcoins,
});
