import { Server, ServerCredentials } from '@grpc/grpc-js';
// The compiled code, exactly what a server runs.
import { http2Servers } from '../../../services/kit/dist/server/http2-parts';
import { replaceStreams } from '../../../services/kit/dist/server/stream-map';
import { createLedgerLog } from '../../../services/ledger/dist/logger';
import { servedServices } from '../../../services/ledger/dist/handlers/services';
import type { Design } from './design';
import { noop } from './noop';
import { openPerRequest } from './per-request';
import { openSum } from './sum';

/**
 * The gRPC server of the ledger with another design behind it. Decoding, validation, encoding, error mapping and
 * logging are the same, so that only the designs are compared.
 *
 * usage: design-server.ts noop|per-request|sum, with DATABASE_URL and POOL_SIZE in the environment
 */

async function open(name: string | undefined): Promise<Design> {
  const url = process.env['DATABASE_URL'] ?? '';
  const poolSize = Number(process.env['POOL_SIZE'] ?? '10');
  switch (name) {
    case 'noop':
      return noop;
    case 'per-request':
      return openPerRequest(url, poolSize);
    case 'sum':
      return openSum(url, poolSize);
    default:
      throw new Error(`there is no design ${name ?? ''}`);
  }
}

async function main(): Promise<void> {
  const design = await open(process.argv[2]);
  const log = createLedgerLog('info');
  const server = new Server({ 'grpc.max_concurrent_streams': 1_024 });
  // The other parts belong to rpcs that the benchmark does not call.
  const commit = Object.assign(design, { admit: () => undefined });
  const parts = { commit, balances: design, log } as unknown as Parameters<typeof servedServices>[0];
  for (const { definition, implementation } of servedServices(parts)) {
    server.addService(definition, implementation);
  }
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
    if (error !== null) throw error;
    for (const each of http2Servers(server)) each.on('session', (session) => void replaceStreams(session));
    log.logger.info({ address: `127.0.0.1:${port}` }, 'listening');
    log.flush();
  });
  process.on('SIGTERM', () => process.exit(0));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
