import { setTimeout as delay } from 'node:timers/promises';
import { credentials, type ClientReadableStream } from '@grpc/grpc-js';
import {
  LedgerServiceClient,
  PurchaseResponse,
  WatchEntriesRequest,
  type WatchEntriesResponse,
} from '@ledger/proto/ledger/v1/ledger_service';
import type { PreparedWork } from '../load-generator-messages';
import { percentiles, prepareLoad } from './load-run';
import type { LoadResult, LoadSpec } from './load-spec';

const FRAME_BYTES = 5;
const ENTRIES_PER_PURCHASE = 2;
/** How long to wait for the last entries after the load. */
const DELIVERY_LIMIT_MS = 10_000;
const POLL_MS = 5;

interface Delivery {
  answered: number;
  readonly delivered: number[];
  /** The create_time of the entry, in milliseconds since 1970. */
  created: number;
}

/** A load of purchases while a stream watches the whole ledger. Both run in this process and so use one clock. */
export async function prepareWatchedLoad(spec: LoadSpec): Promise<PreparedWork> {
  const deliveries = new Map<string, Delivery>();
  const of = (transactionId: string): Delivery => {
    let delivery = deliveries.get(transactionId);
    if (delivery === undefined) {
      deliveries.set(transactionId, (delivery = { answered: 0, delivered: [], created: 0 }));
    }
    return delivery;
  };
  const client = new LedgerServiceClient(spec.address, credentials.createInsecure());
  const stream = client.watchEntries(WatchEntriesRequest.fromPartial({}));
  await opened(stream);
  let broken = '';
  stream.on('error', (error: Error) => (broken ||= error.message));
  stream.on('data', ({ entry }: WatchEntriesResponse) => {
    if (entry === undefined) return;
    const delivery = of(entry.transactionId);
    delivery.delivered.push(performance.now());
    const { seconds = 0n, nanos = 0 } = entry.createTime ?? {};
    delivery.created = Number(seconds) * 1_000 + nanos / 1e6;
  });
  const load = await prepareLoad(spec, (_call, body, now) => {
    of(PurchaseResponse.decode(body.subarray(FRAME_BYTES)).transaction?.transactionId ?? '').answered = now;
  });
  return {
    run: async () => {
      const result = await load.run();
      const end = performance.now() + DELIVERY_LIMIT_MS;
      const isWhole = ({ delivered }: Delivery): boolean => delivered.length >= ENTRIES_PER_PURCHASE;
      while (performance.now() < end && ![...deliveries.values()].every(isWhole)) await delay(POLL_MS);
      if (broken === '') broken = faultsOf(deliveries, result);
      stream.cancel();
      client.close();
      if (broken !== '') throw new Error(`WatchEntries: ${broken}`);
      return { ...result, delivery: latenciesOf(deliveries) };
    },
  };
}

/** Resolves with the first message, which marks where the stream begins: it misses nothing after that. */
function opened(stream: ClientReadableStream<WatchEntriesResponse>): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once('error', reject);
    stream.once('data', () => {
      stream.off('error', reject);
      resolve();
    });
  });
}

/** Checks that every entry of every answered purchase came exactly once, and no other entry. */
function faultsOf(deliveries: ReadonlyMap<string, Delivery>, { calls }: LoadResult): string {
  if (deliveries.size !== calls) return `entries of ${deliveries.size} transactions for ${calls} answers`;
  for (const [transactionId, { answered, delivered }] of deliveries) {
    if (answered === 0) return `entries of ${transactionId}, which no response named`;
    if (delivered.length !== ENTRIES_PER_PURCHASE) return `${delivered.length} entries of ${transactionId}`;
  }
  return '';
}

function latenciesOf(deliveries: ReadonlyMap<string, Delivery>): NonNullable<LoadResult['delivery']> {
  const fromAnswer: number[] = [];
  const fromCreation: number[] = [];
  for (const { answered, delivered, created } of deliveries.values()) {
    for (const time of delivered) {
      fromAnswer.push(time - answered);
      fromCreation.push(performance.timeOrigin + time - created);
    }
  }
  return {
    fromAnswerMs: percentiles(Float64Array.from(fromAnswer)),
    fromCreationMs: percentiles(Float64Array.from(fromCreation)),
  };
}
