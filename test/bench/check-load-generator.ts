import {
  BatchWriteRequest,
  GetBalanceRequest,
  PurchaseRequest,
} from '@ledger/proto/ledger/v1/ledger_service';
import type { Bench } from './bench';
import type { ListedCall } from './load/load-spec';
import type { ServerProcess } from './server-process';
import { ASSET } from './users';

/**
 * Checks that the load generator notices failures: an rpc that fails, the response to another call, and a batch with
 * one refused write must each count as a failure.
 *
 * @throws Error when one of them does not
 */
export async function checkLoadGenerator(bench: Bench, server: ServerProcess): Promise<void> {
  const broken: Readonly<Record<string, ListedCall>> = {
    'an rpc that fails': balance('no user has such a name', 'no user has such a name'),
    'the response to another call': balance('user-000000', 'user-000001'),
    'a batch with a refused write': batchOf('nobody-has-credited-me'),
  };
  for (const [what, call] of Object.entries(broken)) {
    await bench.load.prepare({
      ...{ address: server.address, sessions: 1, calls: [call] },
      pace: { loop: 'closed', inFlight: 1, seconds: 10, callsMax: 1 },
    });
    const { failures, firstFailure } = await bench.load.run();
    if (failures !== 1) throw new Error(`the load generator does not notice ${what}`);
    bench.progress(`noticed: ${what} (${firstFailure})`);
  }
}

function balance(userId: string, mark: string): ListedCall {
  const request = GetBalanceRequest.fromPartial({ userId, asset: ASSET });
  return listed('balance', GetBalanceRequest.encode(request).finish(), mark);
}

function batchOf(userId: string): ListedCall {
  const subject = { $case: 'price', value: { asset: ASSET, amount: 1n } } as const;
  const value = PurchaseRequest.fromPartial({ requestId: 'refused', userId, subject });
  const request = BatchWriteRequest.fromPartial({ writes: [{ write: { $case: 'purchase', value } }] });
  return listed('batch', BatchWriteRequest.encode(request).finish(), userId);
}

function listed(method: ListedCall['method'], message: Uint8Array, mark: string): ListedCall {
  return { method, message: Buffer.from(message).toString('base64'), mark, group: 0, operations: 1 };
}
