import { type Client, type ServiceError, status } from '@grpc/grpc-js';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Random } from './random';

/** How many of all calls are sent again although they were answered, and how many answers are lost. */
const REPEATED = 0.2;
const LOST = 0.15;

/** The caller of a lost answer hangs up within this time. */
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

/** How a call ended: with an answer, or because the shop said no. */
export type Outcome<Response> =
  { readonly answer: Response } | { readonly answer?: never; readonly refusal: string };

/** What the callers of a simulation did to their calls. */
export interface Mishaps {
  calls: number;
  repeated: number;
  lost: number;
}

/** A caller on a bad network, who does what the contract asks: what was not answered is sent again, as it was. */
export class UnreliableCaller {
  constructor(
    private readonly client: Client,
    private readonly random: Random,
    private readonly mishaps: Mishaps,
  ) {}

  /**
   * Sends a write until it is answered, and at times again.
   *
   * @throws Error when a repeat gets another answer than the first
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

  /** Asks until it is answered, and at times again: then the last answer counts. */
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

  /** Sends a call and hangs up: it may have happened or not. */
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
