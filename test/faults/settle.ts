import type { LedgerClient } from '@ledger/client';
import type { Journal, SentWrite } from './journal';
import { sendWrite } from './send-write';

const CONCURRENCY = 32;

/** Sends what got no answer again, with the same request id, and tells how many that were. */
export async function resolveUnanswered(client: LedgerClient, journal: Journal): Promise<number> {
  const unanswered = journal.unanswered();
  await sendAgain(client, journal, unanswered);
  return unanswered.length;
}

/** Sends answered writes again: each has to be known, with the very answer that its caller got. */
export async function replayAnswered(
  client: LedgerClient,
  journal: Journal,
  writes: readonly SentWrite[],
): Promise<void> {
  await sendAgain(
    client,
    journal,
    writes.filter(({ outcome }) => outcome !== undefined),
  );
}

async function sendAgain(
  client: LedgerClient,
  journal: Journal,
  writes: readonly SentWrite[],
): Promise<void> {
  const waiting = [...writes].reverse();
  let isLost = false;
  const work = async (): Promise<void> => {
    for (let write = waiting.pop(); write !== undefined && !isLost; write = waiting.pop()) {
      const wasAnswered = write.outcome !== undefined;
      const reply = await sendWrite(client, write.requestId, write.intent);
      journal.record(write, reply, wasAnswered);
      if (reply.outcome !== undefined) continue;
      journal.violate(write, 'gets no answer with all at rest', reply.error.toJSON());
      // The others would wait as long.
      isLost = true;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
}
