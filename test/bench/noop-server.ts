import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { Answer } from '../../services/ledger/src/commit/answer';
import type { Command } from '../../services/ledger/src/ledger/command';
// The compiled code, exactly what a server runs.
import { CreditResponse, PurchaseResponse } from '../../services/ledger/dist/gen/ledger/v1/ledger_service';
import { contentHash } from '../../services/ledger/dist/ledger/content-hash';
import { createLog } from '../../services/ledger/dist/logger';
import { servedServices } from '../../services/ledger/dist/rpc/services';

/**
 * The ceiling of grpc-js: the same messages through the same decoding, validation, content hash and logging, and an
 * answer of the same size, with no ledger behind it.
 */

const log = createLog('info');
const answers = new Map<string, Answer>();

const commit = {
  submit: (command: Command): Promise<Answer> => {
    contentHash(command);
    let answer = answers.get(command.kind);
    if (answer === undefined) answers.set(command.kind, (answer = sampleAnswer(command)));
    return Promise.resolve(answer);
  },
};

const server = new Server({ 'grpc.max_concurrent_streams': 1024 });
// Only the writes are called, and they take no other part.
const parts = { commit, log } as unknown as Parameters<typeof servedServices>[0];
for (const { definition, implementation } of servedServices(parts)) {
  server.addService(definition, implementation);
}
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  log.logger.info({ address: `127.0.0.1:${port}` }, 'listening');
  log.flush();
});
process.on('SIGTERM', () => process.exit(0));

/** An answer as a ledger would give it: two entries and a balance. */
function sampleAnswer(command: Command): Answer {
  const entry = (userId: string, change: bigint) => ({
    ...{ userId, asset: 'USD/2', stripe: 0, sequence: 1000n },
    transactionId: '01a1fa54-5ee3-7804-8000-c2df81ac74d0',
    ...{
      kind: 2,
      change,
      balanceAfter: 1_000_000n,
      createTime: { seconds: 1_795_000_000n, nanos: 123_456_000 },
    },
    hash: Buffer.alloc(32, 7),
  });
  const message = {
    transaction: {
      transactionId: '01a1fa54-5ee3-7804-8000-c2df81ac74d0',
      kind: 2,
      userId: 'user-000001',
      requestId: command.requestId,
      createTime: { seconds: 1_795_000_000n, nanos: 123_456_000 },
      entries: [entry('user-000001', -1n), entry('@revenue', 1n)],
      reversibleAmount: 1n,
    },
    balance: { userId: 'user-000001', asset: 'USD/2', balance: 1n, held: 0n, available: 1n, sequence: 1000n },
  };
  const type = command.kind === 'Credit' ? CreditResponse : PurchaseResponse;
  return {
    ...{ code: 0, reason: '', replayed: false, batchSize: 1 },
    bytes: Buffer.from(type.encode(type.fromPartial(message)).finish()),
  };
}
