import { type Client, type ServiceError, status } from '@grpc/grpc-js';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Random } from './random';

/** The shares of calls that are repeated although they were answered, and of lost responses. */
const REPEATED = 0.2;
const LOST = 0.15;

/** To lose a response, the caller cancels the call within this time. */
const HANG_UP_MS = 12;
const CALL_TIMEOUT_MS = 10_000;
const ATTEMPTS_MAX = 20;
const PAUSE_MS = 200;

/** A method of a generated service. */
interface Rpc<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

/** How a call ended: with a response, or with a refusal of the shop. */
export type Outcome<Response> =
  { readonly answer: Response } | { readonly answer?: never; readonly refusal: string };

/** What the unreliable network did, in numbers of calls. */
export interface Mishaps {
  calls: number;
  repeated: number;
  lost: number;
}

/** A caller on an unreliable network. As the contract requires, it repeats an unanswered call unchanged. */
export class UnreliableCaller {
  constructor(
    private readonly client: Client,
    private readonly random: Random,
    private readonly mishaps: Mishaps,
  ) {}

  /**
   * Sends a write until it is answered, and sometimes repeats it.
   *
   * @throws Error when a repeat gets another response
   */
  async write<Request, Response>(rpc: Rpc<Request, Response>, request: Request): Promise<Outcome<Response>> {
    await this.#loseAnswer(rpc, request);
    const outcome = await this.#untilAnswered(rpc, request);
    if (this.#isRepeated()) {
      const again = [this.#untilAnswered(rpc, request), this.#untilAnswered(rpc, request)];
      for (const other of await Promise.all(again)) {
        if (!isDeepStrictEqual(other, outcome)) throw new Error(`${rpc.path} had two answers to one request`);
      }
    }
    return outcome;
  }

  /** Sends a read until it is answered, and sometimes repeats it. Returns the last response. */
  async read<Request, Response>(rpc: Rpc<Request, Response>, request: Request): Promise<Response> {
    await this.#loseAnswer(rpc, request);
    if (this.#isRepeated()) await this.#untilAnswered(rpc, request);
    const outcome = await this.#untilAnswered(rpc, request);
    if ('refusal' in outcome) throw new Error(`${rpc.path} was refused: ${outcome.refusal}`);
    return outcome.answer;
  }

  #isRepeated(): boolean {
    this.mishaps.calls += 1;
    const repeated = this.random.chance(REPEATED);
    if (repeated) this.mishaps.repeated += 1;
    return repeated;
  }

  /** Sends a call and cancels it. It may have been executed or not. */
  async #loseAnswer<Request, Response>(rpc: Rpc<Request, Response>, request: Request): Promise<void> {
    if (!this.random.chance(LOST)) return;
    this.mishaps.lost += 1;
    const { sent, ended } = this.#send(rpc, request);
    await Promise.race([ended, delay(this.random.between(0, HANG_UP_MS))]);
    sent.cancel();
  }

  async #untilAnswered<Request, Response>(
    rpc: Rpc<Request, Response>,
    request: Request,
  ): Promise<Outcome<Response>> {
    for (let attempt = 1; ; attempt += 1) {
      const { error, response } = await this.#send(rpc, request).ended;
      if (response !== undefined) return { answer: response };
      if (error?.code === status.FAILED_PRECONDITION || error?.code === status.ABORTED) {
        return { refusal: error.details };
      }
      if (error?.code !== status.UNAVAILABLE || attempt === ATTEMPTS_MAX) {
        throw new Error(`${rpc.path} failed: ${error?.message ?? 'without a reason'}`);
      }
      await delay(PAUSE_MS);
    }
  }

  #send<Request, Response>(rpc: Rpc<Request, Response>, request: Request): SentCall<Response> {
    let end: (result: Ended<Response>) => void = () => undefined;
    const ended = new Promise<Ended<Response>>((resolve) => (end = resolve));
    const sent = this.client.makeUnaryRequest(
      rpc.path,
      rpc.requestSerialize,
      rpc.responseDeserialize,
      request,
      { deadline: Date.now() + CALL_TIMEOUT_MS },
      (error, response) => end({ error, response }),
    );
    return { sent, ended };
  }
}

interface Ended<Response> {
  readonly error: ServiceError | null;
  readonly response: Response | undefined;
}

interface SentCall<Response> {
  readonly sent: { cancel(): void };
  readonly ended: Promise<Ended<Response>>;
}
