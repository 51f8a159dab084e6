import type { Answers, BidiStreamMethod } from '@ledger/kit/rpc/bidi-stream';
import type { CallLog } from '@ledger/kit/rpc/call-log';
import { Portions } from '@ledger/kit/server/portions';
import type { GroupCommit } from '../engine/group-commit';
import { encodeStreamResponse, readStreamRequest } from '../mapping/stream-items';
import { StreamItems } from './stream-item';

/** What WriteStream works with. */
export interface WriteStreamParts {
  readonly commit: GroupCommit;
  readonly log: CallLog;
  /** The most items of a stream that may be out. */
  readonly streamWindow: number;
  /** Aborted when the server stops: no further item is begun then. */
  readonly stopping: AbortSignal;
}

/** The window never falls below this, however full the queue is: an item beyond that gets OVERLOADED as any write. */
const WINDOW_MIN = 16;
/** The part of the places in the queue that one stream may take. */
const PART_OF_PLACES = 1 / 4;
/** A message of results is sent when it is this large, so that every client takes it. */
const MESSAGE_MAX_BYTES = 1024 * 1024;
/** WriteStream: each item has the life of a unary write; results go out when they are ready, many in one message. */
export function writeStream(parts: WriteStreamParts): BidiStreamMethod<readonly Uint8Array[]> {
  const { commit, log, streamWindow, stopping } = parts;
  const windowNow = (): number =>
    Math.min(streamWindow, Math.max(WINDOW_MIN, Math.floor(commit.places * PART_OF_PLACES)));
  return {
    path: 'ledger.v1.LedgerService/WriteStream',
    decode: readStreamRequest,
    run: (requests, answers, context) => {
      const items = new StreamItems(commit, log, context);
      const signals = { gone: context.signal, stopping };
      return new WriteStream(items, answers, signals, windowNow).run(requests);
    },
  };
}

/** One stream: which items are out, and the results that wait for the end of the turn. */
class WriteStream {
  /** Items whose results the caller has not taken. */
  private out = 0;
  private ready: Buffer[] = [];
  /** Wakes up whoever waits for items to come in. */
  private wake: () => void = () => undefined;

  constructor(
    private readonly items: StreamItems,
    private readonly answers: Answers,
    private readonly signals: { readonly gone: AbortSignal; readonly stopping: AbortSignal },
    private readonly windowNow: () => number,
  ) {
    signals.gone.addEventListener('abort', () => this.wake());
  }

  async run(requests: AsyncIterable<readonly Uint8Array[]>): Promise<void> {
    this.send([]);
    try {
      for await (const message of requests) await this.startAll(message);
    } finally {
      await this.until(() => this.out === 0);
    }
  }

  private async startAll(message: readonly Uint8Array[]): Promise<void> {
    const readAt = Date.now();
    const portions = new Portions();
    for (const bytes of message) {
      if (portions.isOver) await portions.next();
      if (this.out >= this.windowNow()) await this.until(() => this.out < this.windowNow());
      if (this.signals.gone.aborted || this.signals.stopping.aborted) return;
      this.out += 1;
      void this.items.run(bytes, readAt).then((result) => this.finish(result));
    }
  }

  /** What is ready in the same turn of the event loop travels together. */
  private finish(result: Buffer): void {
    if (this.ready.push(result) === 1) setImmediate(() => this.flush());
  }

  private flush(): void {
    const { ready } = this;
    this.ready = [];
    let [from, bytes] = [0, 0];
    ready.forEach((result, index) => {
      if (index > from && bytes + result.length > MESSAGE_MAX_BYTES) {
        this.send(ready.slice(from, index));
        [from, bytes] = [index, 0];
      }
      bytes += result.length;
    });
    this.send(ready.slice(from));
  }

  private send(results: readonly Buffer[]): void {
    this.answers.send(encodeStreamResponse(results, this.windowNow()), () => {
      this.out -= results.length;
      this.wake();
    });
  }

  /** Resolves when it is so, or nobody is there any more. */
  private async until(isSo: () => boolean): Promise<void> {
    while (!isSo() && !this.signals.gone.aborted) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}
