import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { Metadata, type ServiceError } from '@grpc/grpc-js';
import { attemptFailure, isFromServer } from './attempt-failure';
import { asIs, type Lane, type UnaryCall } from './call';
import { attemptHeaders } from './call-headers';
import { GatheredCall, type GatheredResult } from './gathered-call';
import { FULL, MessageGate } from './message-gate';
import { decideRetry } from './retry-decision';
import { onceATurn } from './once-a-turn';
import type { Transport } from './transport';

const PATH = '/ledger.v1.LedgerService/BatchGetBalances';
/** Number of `accounts` in BatchGetBalancesRequest, and of `balances` in its response, as of `balance` in GetBalanceResponse. */
const LIST_FIELD = 1;
/** The numbers of GetBalanceRequest that AccountKey has as well. */
const KEY_FIELDS: ReadonlySet<number> = new Set([1, 2]);

/** Reads balances that are asked for at the same time with one BatchGetBalances. One that is alone goes by itself. */
export class BalanceCoalescer implements Lane {
  readonly #queue = new Set<GatheredCall>();
  readonly #gate = new MessageGate();
  readonly #schedule = onceATurn(() => this.#flush());

  constructor(private readonly transport: Transport) {
    transport.closed.addEventListener('abort', () => this.#sendAlone([...this.#queue]));
  }

  /** Balances as they are now. */
  takes({ method, bytes }: UnaryCall<unknown>): boolean {
    return method === 'getBalance' && isKey(bytes);
  }

  /** Makes an attempt with others; undefined when it is to be made by itself. */
  attempt<Response>(
    call: UnaryCall<Response>,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<GatheredResult<Response>> {
    const gathered = new GatheredCall(call, this.transport.clock, timeoutMs, signal, (ended) => {
      this.#queue.delete(ended as GatheredCall);
    });
    this.#queue.add(gathered as GatheredCall);
    this.#schedule();
    return gathered.result;
  }

  /** Says that an attempt is made by itself; the result says that it has ended. */
  goesAlone(): () => void {
    const answered = this.#gate.sends();
    return () => {
      answered();
      this.#schedule();
    };
  }

  #flush(): void {
    while (this.#queue.size > 0 && this.#gate.isOpenFor(this.#queue.size)) {
      const calls = this.#take();
      if (calls.length === 1) this.#sendAlone(calls);
      else void this.#send(calls, this.#gate.sends());
    }
    if (this.#queue.size > 0) this.#gate.whenPatienceEnds(() => this.#schedule());
  }

  #take(): GatheredCall[] {
    const taken: GatheredCall[] = [];
    for (const call of this.#queue) {
      if (taken.length >= FULL) break;
      taken.push(call);
      this.#queue.delete(call);
    }
    return taken;
  }

  async #send(calls: readonly GatheredCall[], answered: () => void): Promise<void> {
    const { clock, headers: given, connections } = this.transport;
    const timeoutMs = Math.max(...calls.map(({ remainingMs }) => remainingMs));
    const headers = await attemptHeaders(
      given,
      'batchGetBalances',
      {},
      { clock, timeoutMs, signal: undefined },
    );
    if (!(headers instanceof Metadata)) {
      answered();
      this.#sendAlone(calls);
      return;
    }
    const connection = connections.current;
    connection.sends();
    for (const call of calls) call.sends();
    const ended = (error: ServiceError | null, response?: Buffer): void => {
      answered();
      if (error === null || isFromServer(error)) connection.hears();
      if (error !== null) this.#fail(calls, error);
      else answerAll(calls, response ?? Buffer.alloc(0));
      this.#schedule();
    };
    const options = { deadline: clock.deadlineIn(timeoutMs) };
    connection.channel.makeUnaryRequest<Buffer, Buffer>(
      PATH,
      asIs,
      asIs,
      requestOf(calls),
      headers,
      options,
      ended,
    );
  }

  /** What another attempt cannot change is the fault of one of them: each is told by its own rpc. */
  #fail(calls: readonly GatheredCall[], error: ServiceError): void {
    const failure = attemptFailure(error);
    if (!decideRetry(failure.code, failure.details).retry) this.#sendAlone(calls);
    else for (const call of calls) call.settle(failure);
  }

  #sendAlone(calls: readonly GatheredCall[]): void {
    for (const call of calls) {
      this.#queue.delete(call);
      call.settle(undefined);
    }
  }
}

/** Whether a GetBalanceRequest names an account and nothing else: then its bytes are those of an AccountKey. */
function isKey(bytes: Uint8Array): boolean {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (!KEY_FIELDS.has(field)) return false;
    reader.skip(wireType, field);
  }
  return true;
}

function requestOf(calls: readonly GatheredCall[]): Buffer {
  const writer = new BinaryWriter();
  for (const { call } of calls) writer.tag(LIST_FIELD, WireType.LengthDelimited).bytes(call.bytes);
  return Buffer.from(writer.finish());
}

/** Each balance, with its tag, is the GetBalanceResponse of its account. */
function answerAll(calls: readonly GatheredCall[], response: Buffer): void {
  const reader = new BinaryReader(response);
  let next = 0;
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [field, wireType] = reader.tag();
    reader.skip(wireType, field);
    if (field !== LIST_FIELD) continue;
    calls[next]?.answer(response.subarray(start, reader.pos), false, undefined);
    next += 1;
  }
  // A server that answers with fewer is asked for each of the others.
  for (const call of calls.slice(next)) call.settle(undefined);
}
