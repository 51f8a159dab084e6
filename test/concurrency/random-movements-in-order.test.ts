import fc from 'fast-check';
import { Status } from '@ledger/proto/google/rpc/status';
import { BatchWriteResponse } from '@ledger/proto/ledger/v1/ledger_service';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';
import { MovementModel, TICKET, type Told } from '../model/movement-model';
import {
  ASSETS,
  draft,
  movementOf,
  richUsers,
  USER_COUNT,
  userOf,
  type Draft,
  type Movement,
  type Referable,
} from '../model/random-movements';
import {
  callOfMovement,
  observedCall,
  observedFailure,
  observedResult,
  shown,
  type Observed,
} from '../harness/told-answer';
import { unforeseenFaults } from '../harness/unforeseen-faults';
import { rawCalls } from '../harness/raw-calls';

/** Set LEDGER_RANDOM_RUNS to search longer. */
const RUNS = Number(process.env['LEDGER_RANDOM_RUNS'] ?? 4);
const TIMEOUT_MS = 30_000 + RUNS * 2_000;

interface Step {
  /** One: by itself. More: a batch. */
  readonly drafts: readonly Draft[];
  readonly atomic: boolean;
  /** Sent once more, to the next server. */
  readonly repeated: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  drafts: fc.oneof(
    { weight: 3, arbitrary: draft.map((one) => [one]) },
    { weight: 1, arbitrary: fc.array(draft, { minLength: 2, maxLength: 6 }) },
  ),
  atomic: fc.boolean(),
  repeated: fc.constantFrom(true, false, false, false),
});
const steps = fc.array(step, { minLength: 20, maxLength: 40, size: 'max' });

/** What few of the random ones come to, whatever they are: one of each that the test asks for at its end. */
const rare: readonly Draft[] = (
  ['place', 'release', 'release', 'place', 'capture', 'transfer', 'post', 'reverse', 'update', 'pay'] as const
).map((kind, turn) => ({
  ...{ kind, requestId: `prelude-rare-${turn}`, user: 0, nth: 0, asset: 'GOLD' },
  // All of the hold, two legs, all of the transaction; an account that is not frozen.
  flag: kind === 'capture' || kind === 'post' || kind === 'reverse',
  // More than there is, for the payment.
  amount: kind === 'pay' ? 10_000n : 5n,
}));

/** So that there is something to move. */
const PRELUDE: readonly Step[] = [...richUsers, ...rare].map((one) => ({
  drafts: [one],
  atomic: false,
  repeated: false,
}));

/** What came back for one step. */
interface Results {
  readonly replayed: boolean;
  readonly told: Told | readonly { readonly told: Told; readonly replayed: boolean }[];
  readonly observed: readonly Observed[];
}

describe.each(TOPOLOGIES)('random movements one after the other ($topology)', ({ servers }) => {
  let ledger: LedgerUnderTest;
  let runs = 0;

  beforeAll(async () => {
    ledger = await startLedger(servers, { bulkBatchMax: 3 });
    const { itemId, asset, price, grantAsset } = TICKET;
    await ledger.client().putItem({ itemId, name: 'Ticket', asset, price, active: true, grantAsset });
  });
  afterAll(() => ledger.dispose());

  it(
    'get exactly the answers of a model, and leave exactly its balances',
    async () => {
      const seen = new Set<string>();
      await fc.assert(
        fc.asyncProperty(steps, async (drafted) => {
          const run = `R${(runs += 1)}`;
          const model = new MovementModel();
          const transactions: Referable[] = [];
          const holds: Referable[] = [];
          for (const [index, { drafts, atomic, repeated }] of [...PRELUDE, ...drafted].entries()) {
            const movements = drafts
              .map((one) => movementOf(one, run, transactions, holds))
              .filter(({ $case }) => drafts.length === 1 || $case !== 'updateAccount');
            if (movements.length === 0) continue;
            const envelope = drafts.length > 1 ? `${run}-${index}` : null;
            const first = await send(movements, envelope, atomic, index);
            agrees(model, movements, envelope !== null && atomic, first);
            for (const [nth, { told, transactionId, holdId }] of first.observed.entries()) {
              const owner = movements[nth]!.scope;
              seen.add('failed' in told ? told.failed : movements[nth]!.$case);
              if (transactionId !== '') transactions.push({ owner, id: transactionId });
              if (holdId !== '') holds.push({ owner, id: holdId });
            }
            if (repeated) replays(first, await send(movements, envelope, atomic, index + 1));
          }
          await balancesAgree(model, run);
        }),
        { numRuns: RUNS },
      );
      // What was generated did reach what it is for.
      expect([...seen]).toEqual(
        expect.arrayContaining([
          ...['credit', 'purchase', 'transfer', 'postTransaction', 'reverseTransaction', 'placeHold'],
          ...['captureHold', 'releaseHold', 'updateAccount', 'INSUFFICIENT_FUNDS', 'HOLD_NOT_OPEN'],
        ]),
      );
      expect(await checkLedger(ledger.database)).toEqual([]);
      expect(unforeseenFaults(ledger)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  async function send(
    movements: readonly Movement[],
    envelope: string | null,
    atomic: boolean,
    turn: number,
  ): Promise<Results> {
    if (envelope === null) {
      const [movement] = movements;
      const answer = await ledger.raw(turn).send(callOfMovement(movement!));
      const observed = observedCall(movement!.$case, answer);
      const replayed = answer.replayed === 'true';
      return { replayed, told: [{ told: observed.told, replayed }], observed: [observed] };
    }
    const writes = movements.flatMap((movement) =>
      movement.$case === 'updateAccount' ? [] : [{ write: movement }],
    );
    const answer = await ledger.raw(turn).send(rawCalls.batchWrite({ requestId: envelope, atomic, writes }));
    const replayed = answer.replayed === 'true';
    const bytes = Buffer.from(answer.bytes, 'hex');
    if (answer.code !== 0) {
      return { replayed, told: observedFailure(Status.decode(bytes)).told, observed: [] };
    }
    const { results } = BatchWriteResponse.decode(bytes);
    const observed = results.map(observedResult);
    const told = results.map((result, nth) => ({ told: observed[nth]!.told, replayed: result.replayed }));
    return { replayed, told, observed };
  }

  async function balancesAgree(model: MovementModel, run: string): Promise<void> {
    const accounts = Array.from({ length: USER_COUNT }, (_, n) => userOf(run, n)).flatMap((userId) =>
      ASSETS.map((asset) => ({ userId, asset })),
    );
    const { balances } = await ledger.client(1).batchGetBalances({ accounts });
    expect(balances.map((balance) => shown({ held: 0n, available: 0n, ...balance }))).toEqual(
      accounts.map(({ userId, asset }) => model.balanceOf(userId, asset)),
    );
  }
});

function agrees(
  model: MovementModel,
  movements: readonly Movement[],
  atomic: boolean,
  results: Results,
): void {
  const none = { transactionId: '', holdId: '' };
  const expected = atomic
    ? model.answerAtomic(movements, results.observed)
    : movements.map((movement, nth) => model.answer(movement, results.observed[nth] ?? none));
  // The server may tell more numbers than the contract lists, never fewer.
  expect(results.told).toMatchObject(expected);
}

/** A batch of independent writes has no outcome of its own: its writes have. */
function replays(first: Results, again: Results): void {
  const writes = (results: Results) =>
    'failed' in results.told
      ? results.told
      : (results.told as readonly { told: Told }[]).map(({ told }) => told);
  expect(writes(again)).toEqual(writes(first));
}
