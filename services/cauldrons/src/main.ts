import { runService } from '@ledger/kit/server/run-service';
import { startCauldrons } from './server';

runService({
  name: 'cauldrons',
  settings: (environment) => ({ ...environment.service('127.0.0.1:50054'), ...environment.database() }),
  start: startCauldrons,
});
