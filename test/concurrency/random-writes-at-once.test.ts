import fc from 'fast-check';
import { attemptResultOf } from '../faults/attempt-result';
import { Journal, type SentWrite } from '../faults/journal';
import { LedgerStateCheck } from '../faults/ledger-state-check';
import { ObservedLedger } from '../faults/observed-ledger';
import { outcomeOf } from '../faults/outcome';
import { ResponseCheck } from '../faults/response-check';
import { callOf } from '../faults/write-intent';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';
import { rawCalls } from '../harness/raw-calls';
import { contentOf as contentOfAnswer, type RawAnswer } from '../harness/raw-client';
import { anyDraft, CONTESTED_IDS, type Draft } from '../model/draft';
import { worldOf } from '../model/world-of-run';
import {
  contentOf,
  isBatchable,
  isWellFormed,
  keyOf,
  rawCallOf,
  requestIdOf,
  type Write,
} from '../model/write';
import { prelude, writeOfDraft, type World } from '../model/write-of-draft';

/** Set LEDGER_RANDOM_RUNS to search longer. */
const RUNS = Number(process.env['LEDGER_RANDOM_RUNS'] ?? 6);
const TIMEOUT_MS = 60_000 + RUNS * 4_000;
/** Each refers to what those before it made. */
const ROUNDS = 3;
const WRITES = 30;
/** An atomic batch succeeds only when all of its writes do. */
const ATOMIC_WRITES = 4;

const exchange = fc.record({ draft: anyDraft, copies: fc.constantFrom(1, 1, 1, 2, 3) });
interface Exchange {
  readonly draft: Draft;
  readonly copies: number;
}

const round = fc.array(exchange, { minLength: WRITES, maxLength: WRITES, size: 'max' });
const rounds = fc.array(round, { minLength: ROUNDS, maxLength: ROUNDS });

describe.each([
  ...TOPOLOGIES.map((topology) => ({ ...topology, batchWorkers: 2 })),
  { topology: 'two servers of three workers', servers: 2, batchWorkers: 3 },
])('random writes of many callers at once ($topology)', ({ servers, batchWorkers }) => {
  let ledger: LedgerUnderTest;
  let journal: Journal;
  let worlds: World[];

  beforeAll(async () => {
    journal = new Journal();
    worlds = [];
    // Few stripes and small batches: servers and batches meet as often as can be.
    ledger = await startLedger(servers, { batchWorkers, stripes: 1, batchMax: 10, bulkBatchMax: 5 });
  });
  afterAll(() => ledger.dispose());

  it(
    'keep every rule of the ledger, and each has one outcome for ever, alone and in batches',
    async () => {
      await fc.assert(
        fc.asyncProperty(rounds, async (drafted) => {
          const world = worldOf(`R${worlds.length}`);
          worlds.push(world);
          const before = journal.writes.length;
          for (const write of prelude(world)) await send(journal.recordIntent(0, write), 0);
          for (const exchanges of drafted) await sendRound(world, exchanges);
          // Everything once more, to the other server.
          const sent = journal.writes.slice(before);
          await Promise.all(sent.map((write, n) => send(write, n + 1)));
          await checkResponses(sent);
        }),
        { numRuns: RUNS, endOnFailure: true },
      );
      expect(journal.comparisons).toBeGreaterThan(journal.writes.length);
      expect(ledger.refusals()).toEqual([]);
    },
    TIMEOUT_MS,
  );

  /** All at the same time: each copy by itself, and most of them in batches as well, the other way round. */
  async function sendRound(world: World, exchanges: readonly Exchange[]): Promise<void> {
    const copiesOf = new Map<Write, number>();
    for (const { draft, copies } of exchanges) {
      copiesOf.set(writeOfDraft(draft, world, journal.knownState), copies);
    }
    const writes = [...copiesOf.keys()];
    const wellFormed = writes.filter(isWellFormed);
    const malformed = writes.filter((write) => !isWellFormed(write));
    const contested = wellFormed.filter(isContested);
    const own = wellFormed
      .filter((write) => !isContested(write))
      .map((write) => journal.recordIntent(1, write));
    const batchable = own.filter(({ intent }) => isBatchable(intent)).reverse();
    const middle = batchable.length >> 1;
    await Promise.all([
      ...own.flatMap((write, n) =>
        Array.from({ length: copiesOf.get(asWrite(write)) ?? 1 }, (_, copy) => send(write, n + copy)),
      ),
      ...malformed.map(refuse),
      contest(contested),
      sendBatch(batchable.slice(0, middle), 0),
      sendBatch(batchable.slice(middle), 1),
      sendAtomic(world, batchable.slice(0, ATOMIC_WRITES)),
    ]);
  }

  async function send(write: SentWrite, turn: number): Promise<void> {
    const wasAnswered = write.answer !== undefined;
    journal.record(write, attemptResultOf(await ledger.raw(turn).send(callOf(write.intent))), wasAnswered);
  }

  async function sendBatch(parts: readonly SentWrite[], turn: number): Promise<void> {
    const wasAnswered = parts.map(({ answer }) => answer !== undefined);
    const raw = await ledger.raw(turn).send(rawCalls.batchWrite({ writes: itemsOf(parts) }));
    if (parts.length === 0) return;
    const { answer } = attemptResultOf(raw);
    if (answer === undefined) throw new Error(`the batch failed: ${raw.message}`);
    journal.recordParts(parts, answer, false, wasAnswered);
  }

  async function sendAtomic(world: World, parts: readonly SentWrite[]): Promise<void> {
    if (parts.length === 0) return;
    const requestId = `${world.prefix}batch-${journal.writes.length}`;
    const value = { requestId, writes: itemsOf(parts), atomic: true } as const;
    await send(journal.recordIntent(1, { $case: 'batchWrite', value }, parts), journal.writes.length);
  }

  /** Of all writes with one request id, one is carried out. Its equals get its answer, the others are refused. */
  async function contest(writes: readonly Write[]): Promise<void> {
    const answers = await Promise.all(
      writes.map(async (write, n) => ({ write, answer: await ledger.raw(n).send(rawCallOf(write)) })),
    );
    const groups = new Map<string, typeof answers>();
    for (const each of answers) {
      const key = keyOf(each.write);
      groups.set(key, [...(groups.get(key) ?? []), each]);
    }
    for (const [key, group] of groups) {
      const earlier = journal.writes.find(
        ({ intent }) => intent.$case !== 'batchWrite' && keyOf(intent) === key,
      );
      const isDone = ({ write, answer }: (typeof answers)[number]): boolean =>
        answer.replayed === undefined && !isReused(write, answer);
      const done = group.filter(isDone);
      expect(done).toHaveLength(earlier === undefined ? 1 : 0);
      const winner = earlier === undefined ? done[0]?.write : asWrite(earlier);
      const sent = earlier ?? journal.recordIntent(1, winner!);
      for (const each of [...done, ...group.filter((one) => !done.includes(one))]) {
        if (contentOf(each.write) === contentOf(winner!)) journal.record(sent, attemptResultOf(each.answer));
        else expect(isReused(each.write, each.answer)).toBe(true);
      }
    }
  }

  /** A malformed write is refused each time, and nothing is kept of it. */
  async function refuse(write: Write): Promise<void> {
    const answers = await Promise.all([0, 1].map((turn) => ledger.raw(turn).send(rawCallOf(write))));
    for (const answer of answers) {
      expect(outcomeOf(write.$case, answer)).toMatchObject({ type: 'refused', reason: 'INVALID_FIELD' });
      expect(answer.replayed).toBeUndefined();
    }
    expect(contentOfAnswer(answers[1]!)).toEqual(contentOfAnswer(answers[0]!));
  }

  /** Every answer against what was asked for and all other answers; and the tables against all answers. */
  async function checkResponses(sent: readonly SentWrite[]): Promise<void> {
    const observed = new ObservedLedger(journal);
    new ResponseCheck(journal, observed).run(sent);
    const users = worlds.flatMap((world) => world.users);
    await new LedgerStateCheck(journal, users).check(ledger.database, ledger.client(), observed);
    expect(journal.violations).toEqual([]);
  }
});

/** Unique ids are UUIDs, which have no such end. */
function isContested(write: Write): boolean {
  return CONTESTED_IDS.some((id) => requestIdOf(write).endsWith(id));
}

function isReused(write: Write, answer: RawAnswer): boolean {
  const outcome = outcomeOf(write.$case, answer);
  return outcome.type === 'refused' && outcome.reason === 'REQUEST_ID_REUSED';
}

function asWrite({ intent }: SentWrite): Write {
  if (intent.$case === 'batchWrite') throw new TypeError('a batch is no write of its own');
  return intent;
}

function itemsOf(parts: readonly SentWrite[]) {
  return parts.flatMap(({ intent }) => (isBatchable(intent) ? [{ write: intent }] : []));
}
