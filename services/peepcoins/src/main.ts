import { runService } from '@ledger/kit/ledger/run-service';
import { databaseSettings, serviceSettings } from '@ledger/kit/ledger/service-settings';
import { startPeepcoins } from './server';

runService({
  name: 'peepcoins',
  settings: (environment) => ({
    ...serviceSettings(environment, '127.0.0.1:50052'),
    ...databaseSettings(environment),
  }),
  start: startPeepcoins,
});
