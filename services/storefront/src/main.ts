import { runService } from '@ledger/kit/ledger/run-service';
import { serviceSettings } from '@ledger/kit/ledger/service-settings';
import { startStorefront } from './server';

runService({
  name: 'storefront',
  settings: (environment) => serviceSettings(environment, '127.0.0.1:50053'),
  start: startStorefront,
});
