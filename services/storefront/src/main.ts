import { runService } from '@ledger/kit/server/run-service';
import { startStorefront } from './server';

runService({
  name: 'storefront',
  settings: (environment) => environment.service('127.0.0.1:50053'),
  start: startStorefront,
});
