import { runService } from '@ledger/kit/run-service';
import { startStorefront } from './server';

runService({
  name: 'storefront',
  settings: (environment) => environment.service('127.0.0.1:50053'),
  start: startStorefront,
});
