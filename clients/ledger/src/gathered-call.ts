import { status } from '@grpc/grpc-js';
import { type AttemptFailure, localFailure } from './attempt-failure';
import type { Clock } from './clock';
import { type CallResult, onAbort, type UnaryCall } from './call';

/** What an attempt that travels with others ends with; undefined: it is to be made by itself. */
export type GatheredResult<Response> = CallResult<Response> | AttemptFailure | undefined;

/** One attempt that waits to travel with others, or is under way with them. */
export class GatheredCall<Response = unknown> {
  /** What it ends with. */
  readonly result: Promise<GatheredResult<Response>>;
  readonly #clock: Clock;
  readonly #endMs: number;
  readonly #stop: readonly (() => void)[];
  #settle: (result: GatheredResult<Response>) => void = () => undefined;
  #isSent = false;

  /**
   * @param onEnd called when it ends on its own side: its time is over, or it was aborted
   */
  constructor(
    readonly call: UnaryCall<Response>,
    clock: Clock,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    onEnd: (call: GatheredCall<Response>, isSilent: boolean) => void,
  ) {
    this.#clock = clock;
    this.#endMs = clock.now() + timeoutMs;
    this.result = new Promise((resolve) => (this.#settle = resolve));
    const end = (code: status, text: string, isSilent: boolean): void => {
      this.settle({ ...localFailure(code, text), notSent: !this.#isSent });
      onEnd(this, isSilent);
    };
    this.#stop = [
      clock.after(timeoutMs, () => end(status.DEADLINE_EXCEEDED, this.#where(), true)),
      onAbort(signal, () => end(status.CANCELLED, 'aborted by the caller', false)),
    ];
  }

  /** The time that remains, at least a millisecond. */
  get remainingMs(): number {
    return Math.max(1, this.#endMs - this.#clock.now());
  }

  /** Says that it has left this process, or may have. */
  sends(): void {
    this.#isSent = true;
  }

  settle(result: GatheredResult<Response>): void {
    for (const stop of this.#stop) stop();
    this.#settle(result);
  }

  /** The answer that came for it, in the bytes of its own rpc. */
  answer(bytes: Uint8Array, replayed: boolean, position: string | undefined): void {
    try {
      this.settle({ response: this.call.decode(Buffer.from(bytes)), replayed, position });
    } catch (cause) {
      // As grpc-js says it of a response that cannot be read: the write may be booked.
      const text = cause instanceof Error ? cause.message : String(cause);
      this.settle({
        ...localFailure(status.INTERNAL, `the response cannot be read: ${text}`, cause),
        notSent: false,
      });
    }
  }

  #where(): string {
    return this.#isSent
      ? 'no answer came in time'
      : 'it waited for its turn to be sent until its time was over';
  }
}
