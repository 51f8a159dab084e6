import { attemptResultOf } from './attempt-result';
import type { Journal, SentWrite } from './journal';
import type { Random } from './random';
import { UNTIL_RECOVERED, type Servers } from './servers';
import { callOf } from './write-intent';

const CONCURRENCY = 200;

/** Sends what got no answer again, with the same request id, to either server; tells how many that were. */
export async function resolveUnanswered(servers: Servers, random: Random, journal: Journal): Promise<number> {
  const unanswered = journal.unanswered();
  await sendAgain(servers, random, journal, unanswered);
  return unanswered.length;
}

/** Sends answered writes again: each has to be known, with the very bytes that its caller got. */
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
      journal.addViolation(write, 'gets no answer with all at rest', write.outcome);
      // The others would wait as long.
      waiting.length = 0;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
}

/** Tells whether there is an answer now. */
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
