import { BatchWriteRequest, CreditRequest } from '@ledger/proto/ledger/v1/ledger_service';
import type { Bench } from '../bench';
import type { ListedCall } from '../load/load-spec';
import type { ServerProcess } from '../server-process';
import { ASSET, FIRST_BALANCE, userOf } from '../users';

const WRITES_PER_BATCH = 1_000;
const BATCHES_IN_FLIGHT = 4;

/** Gives every user the initial balance, through the service. */
export async function seedLedger(bench: Bench, server: ServerProcess): Promise<void> {
  await creditInBatches(bench, server, bench.options.users, (index) => ({
    ...{
      requestId: `00000000-seed-0000-0000-${index.toString().padStart(12, '0')}`,
      userId: userOf(index),
      amount: FIRST_BALANCE,
    },
  }));
}

/** Books many credits by BatchWrite. All of them are on disk when it resolves. */
export async function creditInBatches(
  bench: Bench,
  server: ServerProcess,
  count: number,
  creditOf: (index: number) => { requestId: string; userId: string; amount: bigint },
): Promise<void> {
  const calls: ListedCall[] = [];
  for (let from = 0; from < count; from += WRITES_PER_BATCH) {
    const size = Math.min(WRITES_PER_BATCH, count - from);
    const credits = Array.from({ length: size }, (_, offset) => creditOf(from + offset));
    const writes = credits.map((credit) => ({
      write: { $case: 'credit' as const, value: CreditRequest.fromPartial({ ...credit, asset: ASSET }) },
    }));
    const message = BatchWriteRequest.encode(BatchWriteRequest.fromPartial({ writes })).finish();
    calls.push({
      method: 'batch',
      message: Buffer.from(message).toString('base64'),
      mark: credits.at(-1)?.requestId ?? '',
      ...{ group: 0, operations: size },
    });
  }
  await bench.drive('seeding', server, {
    calls,
    sessions: 1,
    pace: { loop: 'closed', inFlight: BATCHES_IN_FLIGHT, seconds: 3_600, callsMax: calls.length },
  });
}
