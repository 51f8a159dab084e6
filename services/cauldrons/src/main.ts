import { runService } from '@ledger/kit/ledger/run-service';
import { databaseSettings, serviceSettings } from '@ledger/kit/ledger/service-settings';
import { startCauldrons } from './server';

runService({
  name: 'cauldrons',
  settings: (environment) => ({
    ...serviceSettings(environment, '127.0.0.1:50054'),
    ...databaseSettings(environment),
  }),
  start: startCauldrons,
});
