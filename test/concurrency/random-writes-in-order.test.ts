import fc from 'fast-check';
import { SortOrder } from '@ledger/client';
import { attemptResultsOfBatch } from '../faults/attempt-result';
import { exactSums } from '../faults/entry-line';
import { KnownState } from '../faults/known-state';
import { outcomeOf, type Outcome } from '../faults/outcome';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { rawCalls } from '../harness/raw-calls';
import { contentOf as contentOfAnswer, type RawAnswer } from '../harness/raw-client';
import { unforeseenFaults } from '../harness/unforeseen-faults';
import { anyDraft, plainDraft, type Draft } from '../model/draft';
import { LedgerModel, NO_CHOICES, type CallReport, type ServerChoices } from '../model/ledger-model';
import { reportOf, type Report } from '../model/report';
import { worldOf } from '../model/world-of-run';
import { isBatchable, rawCallOf, type Write } from '../model/write';
import { prelude, writeOfDraft, type World } from '../model/write-of-draft';

/** Set LEDGER_RANDOM_RUNS to search longer. */
const RUNS = Number(process.env['LEDGER_RANDOM_RUNS'] ?? 17);
const STEPS = 40;
/** Shrinking takes many runs. */
const TIMEOUT_MS = 60_000 + RUNS * 2_000;
const TEN_MINUTES_MS = 600_000;
const SYSTEM_ACCOUNTS = ['@issuance', '@revenue', '@bank', '@pool'];

/** Something new: one write by itself, or several as a batch. */
interface NewStep {
  readonly drafts: readonly Draft[];
  readonly atomic: boolean;
}

/** An earlier step once more, counted backwards. */
interface RepeatStep {
  readonly back: number;
}

const newStep: fc.Arbitrary<NewStep> = fc.record({
  drafts: fc.oneof(
    { weight: 4, arbitrary: anyDraft.map((one) => [one]) },
    { weight: 1, arbitrary: fc.array(anyDraft, { minLength: 2, maxLength: 6 }) },
  ),
  atomic: fc.boolean(),
});
const repeatStep: fc.Arbitrary<RepeatStep> = fc.record({ back: fc.nat(10) });
const steps = fc.tuple(
  fc.constantFrom(true, true, true, false),
  fc.array(fc.oneof({ weight: 10, arbitrary: newStep }, { weight: 1, arbitrary: repeatStep }), {
    ...{ minLength: STEPS / 2, maxLength: STEPS, size: 'max' as const },
  }),
);

/** What few of the random ones come to, whatever they are: so that the test always reaches all that it is for. */
const rare: readonly Draft[] = [
  ...(['hold', 'release', 'release', 'hold', 'capture', 'transfer', 'post', 'reverse'] as const).map(
    (kind) => ({
      kind,
    }),
  ),
  { kind: 'pay' as const, tooDear: true },
  { kind: 'buy' as const, item: 19 },
  { kind: 'credit' as const, amount: 0n },
  { kind: 'settings' as const, settings: changed({ etag: 'stale' }) },
  { kind: 'settings' as const, settings: changed({ mask: ['frozen'], isFrozen: true }) },
  { kind: 'pay' as const },
  { kind: 'settings' as const, settings: changed({ mask: ['frozen'] }) },
].map((own, turn) => ({ ...plainDraft(), ...own, requestId: `prelude-rare-${turn}` }));

function changed(settings: Partial<Draft['settings']>): Draft['settings'] {
  return { ...plainDraft().settings, ...settings };
}

/** A call, and what it came to at first. */
interface Sent {
  readonly writes: readonly Write[];
  /** Of a batch, its request id. */
  readonly envelope: string | null;
  readonly atomic: boolean;
}

interface Observed {
  readonly raw: RawAnswer;
  readonly report: CallReport;
  /** Of each write that has one. */
  readonly outcomes: readonly Outcome[];
}

describe.each([
  { topology: 'one server', servers: 1, priceGraceMs: TEN_MINUTES_MS },
  { topology: 'one server that honours no old price', servers: 1, priceGraceMs: 0 },
  { topology: 'two servers on one database', servers: 2, priceGraceMs: TEN_MINUTES_MS },
  { topology: 'two servers that honour no old price', servers: 2, priceGraceMs: 0 },
])('random writes one after the other ($topology)', ({ servers, priceGraceMs }) => {
  let ledger: LedgerUnderTest;
  let runs = 0;

  beforeAll(async () => {
    // Batches take several database transactions.
    ledger = await startLedger(servers, { priceGraceMs, bulkBatchMax: 3 });
  });
  afterAll(() => ledger.dispose());

  it(
    'get exactly the answers of a model, and leave exactly its balances and entries',
    async () => {
      const seen = new Set<string>();
      await fc.assert(
        fc.asyncProperty(steps, async ([isRich, drafted]) => {
          const run = new Run(`R${(runs += 1)}`, ledger, priceGraceMs > 0, seen);
          if (isRich) {
            for (const write of prelude(run.world)) await run.send([write], null, false);
            for (const one of rare) await run.step({ drafts: [one], atomic: false });
          }
          for (const step of drafted) await run.step(step);
          await run.checkState();
        }),
        { numRuns: RUNS, endOnFailure: true },
      );
      // What was generated did reach what it is for.
      expect([...seen]).toEqual(
        expect.arrayContaining([
          ...['credit', 'purchase', 'transfer', 'postTransaction', 'reverseTransaction', 'placeHold'],
          ...['captureHold', 'releaseHold', 'updateAccount', 'putItem', 'replayed', 'INVALID_FIELD'],
          ...['INSUFFICIENT_FUNDS', 'HOLD_NOT_OPEN', 'ITEM_NOT_FOUND', 'CONFLICT', 'ACCOUNT_FROZEN'],
        ]),
      );
      expect(await checkLedger(ledger.database)).toEqual([]);
      expect(unforeseenFaults(ledger)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

/** One sequence of calls in a world of its own, beside the model. */
class Run {
  readonly world: World;
  readonly #model: LedgerModel;
  readonly #known = new KnownState();
  readonly #sent: { readonly call: Sent; readonly first: Observed }[] = [];
  #turn = 0;

  constructor(
    private readonly name: string,
    private readonly ledger: LedgerUnderTest,
    honoursOldPrices: boolean,
    private readonly seen: Set<string>,
  ) {
    this.world = worldOf(name);
    this.#model = new LedgerModel(honoursOldPrices);
  }

  async step(step: NewStep | RepeatStep): Promise<void> {
    if ('back' in step) return this.#repeat(step.back);
    const { drafts, atomic } = step;
    const writes = drafts.map((each) => writeOfDraft(each, this.world, this.#known));
    if (drafts.length === 1) return this.send(writes, null, false);
    const batch = writes.filter(isBatchable);
    if (batch.length > 0) await this.send(batch, `${this.name}-${this.#sent.length}`, atomic);
  }

  async send(writes: readonly Write[], envelope: string | null, atomic: boolean): Promise<void> {
    const call = { writes, envelope, atomic };
    const server = this.#nextServer();
    const first = await this.#observe(call, server);
    this.#sent.push({ call, first });
    expectAgreement(first.report, this.#expect(call, first));
    for (const [index, outcome] of first.outcomes.entries()) {
      const write = writes[index];
      if (write === undefined) throw new Error('more answers than writes');
      this.seen.add(outcome.type === 'done' ? write.$case : outcome.reason);
      this.#known.learn(write, outcome);
    }
  }

  #expect({ writes, envelope, atomic }: Sent, { outcomes }: Observed): CallReport {
    const [only] = writes;
    const choices = outcomes.map(choicesOf);
    if (envelope !== null || only === undefined) {
      return this.#model.answerBatch(writes.filter(isBatchable), atomic, choices);
    }
    return { failure: null, answers: [this.#model.answer(only, choices[0] ?? NO_CHOICES)] };
  }

  /** All that a call came to is known for ever, at each server. */
  async #repeat(back: number): Promise<void> {
    const { call, first } = this.#sent.at(-1 - back) ?? {};
    if (call === undefined || first === undefined) return;
    const again = await this.#observe(call, this.#nextServer());
    expect(again.report.failure).toEqual(first.report.failure);
    expect(reportsOf(again)).toEqual(reportsOf(first));
    this.seen.add('replayed');
    if (!call.atomic) {
      for (const { report, replayed } of again.report.answers) expect(replayed).toBe(isKept(report));
    }
    // An independent batch has no outcome of its own: its writes have.
    if (call.envelope !== null && !call.atomic) return;
    expect(contentOfAnswer(again.raw)).toEqual(contentOfAnswer(first.raw));
    const isKnown =
      call.envelope === null ? reportsOf(first).every(isKept) : !isMalformed(first.report.failure);
    expect(again.raw.replayed).toBe(isKnown ? 'true' : undefined);
  }

  async #observe({ writes, envelope, atomic }: Sent, server: number): Promise<Observed> {
    const client = this.ledger.raw(server);
    const [only] = writes;
    if (envelope === null && only !== undefined) {
      const raw = await client.send(rawCallOf(only));
      const outcome = outcomeOf(only.$case, raw);
      const answer = { report: reportOf(outcome), replayed: raw.replayed === 'true' };
      return { raw, report: { failure: null, answers: [answer] }, outcomes: [outcome] };
    }
    const batch = writes.filter(isBatchable);
    const items = batch.map((write) => ({ write }));
    const raw = await client.send(rawCalls.batchWrite({ requestId: envelope ?? '', atomic, writes: items }));
    if (raw.code !== 0) {
      const failure = reportOf(outcomeOf('batchWrite', raw));
      return { raw, report: { failure, answers: [] }, outcomes: [] };
    }
    const results = attemptResultsOfBatch(raw);
    const outcomes = batch.map((write, index) => {
      const answer = results[index]?.answer;
      if (answer === undefined) throw new Error(`writes[${index}] has no answer`);
      return outcomeOf(write.$case, answer);
    });
    const answers = outcomes.map((outcome, index) => {
      const result = results[index];
      return { report: reportOf(outcome), replayed: result?.answer !== undefined && result.replayed };
    });
    return { raw, report: { failure: null, answers }, outcomes };
  }

  /** Two in a row to the same server, and two to the next. */
  #nextServer(): number {
    this.#turn += 1;
    return (this.#turn >> 1) % this.ledger.servers.length;
  }

  async checkState(): Promise<void> {
    const { users, assets, grantedAsset } = this.world;
    const accounts = [...users, ...SYSTEM_ACCOUNTS].flatMap((userId) =>
      [...assets, grantedAsset].map((asset) => ({ userId, asset })),
    );
    await Promise.all(accounts.map(({ userId, asset }) => this.#checkBalance(userId, asset)));
    const owned = accounts.filter(({ userId }) => users.includes(userId));
    await Promise.all(
      owned.map(async ({ userId, asset }) => {
        expect(await this.#entriesOf(userId, asset)).toEqual(this.#model.entriesOf(userId, asset));
      }),
    );
  }

  async #checkBalance(userId: string, asset: string): Promise<void> {
    const { balance, held, sequence } = this.#model.balanceOf(userId, asset);
    const { balance: read } = await this.ledger.client(1).getBalance({ userId, asset });
    // Only of a system account it may pass int64.
    const exact = read.exactBalance === '' ? read.balance : BigInt(read.exactBalance);
    const shown = { held: 0n, ...read, balance: exact, available: exact - (read.held ?? 0n) };
    expect(shown).toMatchObject({ userId, asset, balance, held, available: balance - held, sequence });
  }

  async #entriesOf(userId: string, asset: string): Promise<string[]> {
    const lines = [];
    const request = { userId, asset, order: SortOrder.OLDEST_FIRST, pageSize: 7 };
    for await (const { sequence, change, balanceAfter } of this.ledger.client().listEntries(request)) {
      lines.push(`${userId} ${asset} ${change} ${sequence} ${balanceAfter}`);
    }
    return lines;
  }
}

function choicesOf(outcome: Outcome): ServerChoices {
  if (outcome.type === 'refused') return NO_CHOICES;
  const { transaction, hold, account } = outcome.response;
  const system = (transaction?.entries ?? []).filter(({ userId }) => userId.startsWith('@'));
  return {
    transactionId: transaction?.transactionId ?? '',
    holdId: hold?.holdId ?? '',
    etag: account?.etag ?? '',
    stripes: new Map(
      system.map((entry) => [
        `${entry.userId} ${entry.asset}`,
        { balance: exactSums(entry).balanceAfter - entry.change, sequence: entry.sequence - 1n },
      ]),
    ),
  };
}

/** The server may tell more of a failure than the contract lists, never less. */
function expectAgreement(observed: CallReport, expected: CallReport): void {
  expect(observed).toMatchObject(expected);
  for (const [index, { report }] of expected.answers.entries()) {
    if (!('failed' in report)) expect(observed.answers[index]?.report).toEqual(report);
  }
}

function reportsOf({ report }: Observed): readonly Report[] {
  return report.answers.map((answer) => answer.report);
}

/** Whether an answer is kept for its request id. */
function isKept(report: Report): boolean {
  return !isMalformed(report) && !('failed' in report && report.failed === 'REQUEST_ID_REUSED');
}

function isMalformed(report: Report | null): boolean {
  return report !== null && 'failed' in report && report.failed === 'INVALID_FIELD';
}
