import fc from 'fast-check';
import { status } from '@grpc/grpc-js';
import { BatchWriteResponse } from '@ledger/proto/ledger/v1/ledger_service';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';
import { TICKET } from '../model/movement-model';
import {
  draft,
  movementOf,
  richUsers,
  type Draft,
  type Movement,
  type Referable,
} from '../model/random-movements';
import { contentOf, type RawAnswer } from '../harness/raw-client';
import { callOfMovement, observedCall, observedResult, type Observed } from '../harness/told-answer';
import { unforeseenFaults } from '../harness/unforeseen-faults';
import { rawCalls } from '../harness/raw-calls';

/** Set LEDGER_RANDOM_RUNS to search longer. */
const RUNS = Number(process.env['LEDGER_RANDOM_RUNS'] ?? 2);
const TIMEOUT_MS = 30_000 + RUNS * 4_000;
/** Each refers to what those before it made. */
const ROUNDS = 3;
const WRITES = 30;

const rounds = fc.array(fc.array(draft, { minLength: WRITES, maxLength: WRITES, size: 'max' }), {
  ...{ minLength: ROUNDS, maxLength: ROUNDS },
});

/** A write with what each of its copies was told. */
interface Exchange {
  readonly movement: Movement;
  readonly copies: readonly Observed[];
}

describe.each(TOPOLOGIES)('random movements of many callers at once ($topology)', ({ servers }) => {
  let ledger: LedgerUnderTest;
  let runs = 0;

  beforeAll(async () => {
    // Few stripes, small batches and several lanes: database transactions meet as often as can be.
    ledger = await startLedger(servers, { stripes: 1, batchMax: 8, batchWorkers: 2, bulkBatchMax: 5 });
    const { itemId, asset, price, grantAsset } = TICKET;
    await ledger.client().putItem({ itemId, name: 'Ticket', asset, price, active: true, grantAsset });
  });
  afterAll(() => ledger.dispose());

  it(
    'keep every rule of the ledger, and each has one outcome for ever, alone and in batches',
    async () => {
      await fc.assert(
        fc.asyncProperty(rounds, async (drafted) => {
          const run = `R${(runs += 1)}`;
          const transactions: Referable[] = [];
          const holds: Referable[] = [];
          for (const drafts of [richUsers, ...drafted]) {
            const movements = withOwnIds(drafts).map((one) => movementOf(one, run, transactions, holds));
            const [sent, batched] = await Promise.all([sendAlone(movements, 0), sendBatched(movements)]);
            const again = await sendAlone(movements, 1);
            for (const [n, answer] of again.entries()) {
              expect(contentOf(answer)).toEqual(contentOf(sent[n]!));
              expect([answer.code === status.INTERNAL, answer.replayed]).toEqual([false, 'true']);
            }
            for (const { movement, copies } of exchangesOf(movements, sent, batched)) {
              const [first] = copies;
              for (const copy of copies) expect(copy).toEqual(first);
              const { transactionId, holdId } = first!;
              if (transactionId !== '') transactions.push({ owner: movement.scope, id: transactionId });
              if (holdId !== '' && movement.$case === 'placeHold') {
                holds.push({ owner: movement.scope, id: holdId });
              }
            }
          }
        }),
        { numRuns: RUNS },
      );
      expect(await checkLedger(ledger.database)).toEqual([]);
      expect(unforeseenFaults(ledger)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  function sendAlone(movements: readonly Movement[], turn: number): Promise<RawAnswer[]> {
    return Promise.all(movements.map((movement, n) => ledger.raw(n + turn).send(callOfMovement(movement))));
  }

  /** The same writes once more at the same time, the other way round, in two batches. */
  async function sendBatched(movements: readonly Movement[]): Promise<Map<Movement, Observed>> {
    const batchable = movements.filter(({ $case }) => $case !== 'updateAccount').reverse();
    const middle = batchable.length >> 1;
    const told = new Map<Movement, Observed>();
    await Promise.all(
      [batchable.slice(0, middle), batchable.slice(middle)].map(async (part, n) => {
        const writes = part.flatMap((movement) =>
          movement.$case === 'updateAccount' ? [] : [{ write: movement }],
        );
        const answer = await ledger.raw(n).send(rawCalls.batchWrite({ writes }));
        expect(answer.code).toBe(status.OK);
        const { results } = BatchWriteResponse.decode(Buffer.from(answer.bytes, 'hex'));
        for (const [index, result] of results.entries()) told.set(part[index]!, observedResult(result));
      }),
    );
    return told;
  }
});

/** Without the ids that come again: what a reused one comes to is tested elsewhere. */
function withOwnIds(drafts: readonly Draft[]): Draft[] {
  return drafts.filter(({ requestId }) => !['r0', 'r1'].includes(requestId));
}

function exchangesOf(
  movements: readonly Movement[],
  sent: readonly RawAnswer[],
  batched: ReadonlyMap<Movement, Observed>,
): Exchange[] {
  return movements.map((movement, n) => {
    const alone = observedCall(movement.$case, sent[n]!);
    const other = batched.get(movement);
    return { movement, copies: other === undefined ? [alone] : [alone, other] };
  });
}
