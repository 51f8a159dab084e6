import { LedgerError, type CallOptions, type LedgerClient } from '@ledger/client';
import type { Journal, SentWrite } from './journal';
import type { Random } from './random';
import { isAbsence, sendWrite } from './send-write';
import { ASSETS, drawWrite, otherThan, USERS } from './write-intent';

/** A caller that soon gives up, so that writes are left without an answer. */
const HASTY_TIMEOUT_MS = 300;

/** What a load consists of. */
export interface Load {
  readonly round: number;
  readonly workers: number;
  readonly random: Random;
  /** As services use it. */
  readonly client: LedgerClient;
  /** Sends every call once. */
  readonly hastyClient: LedgerClient;
  readonly journal: Journal;
  /** Asked before each call. */
  readonly isOver: () => boolean;
}

/** Runs workers side by side, each call after call, until it is over and every call has ended. */
export async function runLoad(load: Load): Promise<void> {
  const workers = Array.from({ length: load.workers }, (_, number) => new Worker(load, number));
  await Promise.all(workers.map((worker) => worker.run()));
}

/** One caller. What it does follows from its own numbers and its own writes. */
class Worker {
  readonly #load: Load;
  readonly #name: string;
  readonly #random: Random;
  readonly #own: SentWrite[] = [];

  constructor(load: Load, number: number) {
    this.#load = load;
    this.#name = `${load.round}-${number}`;
    this.#random = load.random.fork();
  }

  async run(): Promise<void> {
    while (!this.#load.isOver()) await this.#step();
  }

  async #step(): Promise<void> {
    const share = this.#random.next();
    if (share < 0.65) await this.#write();
    else if (share < 0.75) await this.#writeTwice();
    else if (share < 0.87) await this.#read();
    else if (share < 0.97) await this.#repeat();
    else await this.#reuse();
  }

  async #write(): Promise<void> {
    const write = this.#intend();
    await this.#send(write);
    // A caller that was left without an answer asks again or leaves it.
    if (write.outcome === undefined && this.#random.chance(0.5)) await this.#send(write);
  }

  /** Two copies on the way at once. */
  async #writeTwice(): Promise<void> {
    const write = this.#intend();
    await Promise.all([this.#send(write), this.#send(write)]);
  }

  async #repeat(): Promise<void> {
    if (this.#own.length > 0) await this.#send(this.#random.pick(this.#own));
  }

  /** An answered request id for something else: refused, and nothing is kept of it. */
  async #reuse(): Promise<void> {
    const answered = this.#own.filter(({ outcome }) => outcome !== undefined);
    if (answered.length === 0) return;
    const { client, journal } = this.#load;
    const write = this.#random.pick(answered);
    const reply = await sendWrite(client, write.requestId, otherThan(write.intent));
    if (reply.outcome === undefined) {
      journal.absences += 1;
      if (!isAbsence(reply.error)) journal.violate(write, 'met a fault', reply.error.toJSON());
    } else if (reply.outcome.type !== 'refused' || reply.outcome.reason !== 'REQUEST_ID_REUSED') {
      journal.violate(write, 'gave its request id to another one', reply.outcome);
    }
  }

  async #read(): Promise<void> {
    const { client, journal } = this.#load;
    const userId = this.#random.pick(USERS);
    const asset = this.#random.pick([...ASSETS, 'COUPON:COFFEE']);
    const atLeast = journal.latestSequence(userId, asset);
    try {
      const { balance } = await client.getBalance({ userId, asset });
      journal.see(balance, atLeast);
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      journal.absences += 1;
      if (!isAbsence(error)) journal.violations.push(`a read met a fault: ${error.message}`);
    }
  }

  #intend(): SentWrite {
    const { journal, round } = this.#load;
    const intent = drawWrite(this.#random, (itemId) => journal.latestVersion(itemId));
    const write = journal.intend(round, `write-${this.#name}-${this.#own.length}`, intent);
    this.#own.push(write);
    return write;
  }

  async #send(write: SentWrite): Promise<void> {
    const { client, hastyClient, journal } = this.#load;
    const share = this.#random.next();
    const wasAnswered = write.outcome !== undefined;
    const options: CallOptions = share < 0.1 ? { timeoutMs: HASTY_TIMEOUT_MS } : {};
    const chosen = share < 0.4 ? hastyClient : client;
    journal.record(write, await sendWrite(chosen, write.requestId, write.intent, options), wasAnswered);
  }
}
