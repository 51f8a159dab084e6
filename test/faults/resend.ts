import { attemptResultOf } from './attempt-result';
import type { Journal, SentWrite } from './journal';
import type { Random } from '../harness/random';
import { UNTIL_RECOVERED, type Servers } from './servers';
import { callOf } from './write-intent';

const CONCURRENCY = 200;

/** Sends writes without a final response again, with the same request id. Returns how many there were. */
export async function resolveUnanswered(servers: Servers, random: Random, journal: Journal): Promise<number> {
  const unanswered = journal.unanswered();
  await sendAgain(servers, random, journal, unanswered);
  return unanswered.length;
}

/** Sends answered writes again. Each must be recognised and get exactly the bytes of its first response. */
export async function replayAnswered(
  servers: Servers,
  random: Random,
  journal: Journal,
  writes: readonly SentWrite[],
): Promise<void> {
  await sendAgain(
    servers,
    random,
    journal,
    writes.filter(({ answer }) => answer !== undefined),
  );
}

async function sendAgain(
  servers: Servers,
  random: Random,
  journal: Journal,
  writes: readonly SentWrite[],
): Promise<void> {
  const waiting = [...writes].reverse();
  const work = async (): Promise<void> => {
    for (let write = waiting.pop(); write !== undefined; write = waiting.pop()) {
      if (await resolve(servers, random, journal, write)) continue;
      journal.addViolation(write, 'gets no final response although nothing else runs', write.outcome);
      // The other writes would wait as long.
      waiting.length = 0;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
}

/** Sends a write until it has a final response. Returns whether it got one. */
async function resolve(
  servers: Servers,
  random: Random,
  journal: Journal,
  write: SentWrite,
): Promise<boolean> {
  const answered = { before: write.answer !== undefined, now: false };
  await servers.send(callOf(write.intent), random, UNTIL_RECOVERED, (raw) => {
    const result = attemptResultOf(raw);
    journal.record(write, result, answered.before);
    answered.before = write.answer !== undefined;
    answered.now = result.answer !== undefined;
    return answered.now;
  });
  return answered.now;
}
