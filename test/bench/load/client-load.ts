import { credentials } from '@grpc/grpc-js';
import { LedgerClient } from '@ledger/client';
import { LedgerServiceClient, PurchaseRequest } from '@ledger/proto/ledger/v1/ledger_service';
import type { PreparedWork } from '../load-generator-messages';
import { chooser, seeded } from '../random';
import { ASSET, userOf } from '../users';
import { percentiles } from './load-run';
import type { LoadResult } from './load-spec';

/** Purchases of callers in one process, by price, each user as likely as another. */
export interface ClientLoadSpec {
  readonly address: string;
  /** The ledger's client, which coalesces or not; or the generated one on grpc-js, as it is. */
  readonly client: 'coalescing' | 'unary' | 'plain';
  readonly inFlight: number;
  readonly seconds: number;
  readonly users: number;
  readonly seed: number;
  /** No two runs send the same request ids. */
  readonly run: number;
}

/** Connects; each caller of the run sends its next call when it has its answer. */
export async function prepareClientLoad(spec: ClientLoadSpec): Promise<PreparedWork> {
  const purchase = open(spec);
  await purchase(userOf(0), `client-${spec.run}-first`);
  return { run: () => run(spec, purchase) };
}

type Purchase = (userId: string, requestId: string) => Promise<unknown>;

function open({ address, client }: ClientLoadSpec): Purchase {
  const subject = { $case: 'price' as const, value: { asset: ASSET, amount: 1n, itemId: '' } };
  if (client !== 'plain') {
    const ledger = new LedgerClient({ address, coalesce: client === 'coalescing', timeoutMs: 60_000 });
    return (userId, requestId) => ledger.purchase({ userId, requestId, subject });
  }
  const plain = new LedgerServiceClient(address, credentials.createInsecure());
  return (userId, requestId) =>
    new Promise((resolve, reject) => {
      plain.purchase(PurchaseRequest.fromPartial({ userId, requestId, subject }), (error, response) => {
        if (error === null) resolve(response);
        else reject(error);
      });
    });
}

async function run(spec: ClientLoadSpec, purchase: Purchase): Promise<LoadResult> {
  const nextUser = chooser('uniform', spec.users, seeded(spec.seed));
  const latencies: number[] = [];
  const before = process.cpuUsage();
  const began = performance.now();
  const until = began + spec.seconds * 1_000;
  const caller = async (): Promise<void> => {
    for (let sentAt = performance.now(); sentAt < until;) {
      await purchase(userOf(nextUser()), `client-${spec.run}-${latencies.length}-${sentAt}`);
      const now = performance.now();
      latencies.push(now - sentAt);
      sentAt = now;
    }
  };
  await Promise.all(Array.from({ length: spec.inFlight }, caller));
  const { user, system } = process.cpuUsage(before);
  const calls = latencies.length;
  return {
    ...{ seconds: (performance.now() - began) / 1_000, calls, operations: calls, writes: calls },
    ...{ failures: 0, firstFailure: '', missed: 0, groups: [] },
    latencyMs: percentiles(Float64Array.from(latencies)),
    cpuSeconds: (user + system) / 1e6,
  };
}
