import { outcomeEncoder } from '../../services/ledger/src/mapping/outcome-encoder';
import type { OutcomeEncoder } from '../../services/ledger/src/engine/outcome-encoder';
import { creditOf, NO_LIMIT, startEngine, type EngineUnderTest } from '../harness/engine-under-test';

const WRITES = 600;
/** Each look at the clock finds it this much later: three writes are a portion. */
const STEP_MS = 4;
const PER_PORTION = 3;

/** The turns of the event loop, from the outside. */
class Turns {
  count = 0;
  private handle: NodeJS.Immediate | undefined;

  start(): void {
    this.handle = setImmediate(() => {
      this.count += 1;
      this.start();
    });
  }

  stop(): void {
    clearImmediate(this.handle);
  }
}

describe('a large batch', () => {
  let engine: EngineUnderTest;
  let turns: Turns;
  let clock: jest.SpyInstance<number>;
  /** The turn in which each write was encoded. */
  let encoded: number[];

  beforeEach(async () => {
    turns = new Turns();
    encoded = [];
    const encoder: OutcomeEncoder = {
      ...outcomeEncoder,
      encode: (command, outcome) => {
        encoded.push(turns.count);
        return outcomeEncoder.encode(command, outcome);
      },
    };
    engine = await startEngine({ encoder, bulkBatchMax: WRITES });
    let now = performance.now();
    clock = jest.spyOn(performance, 'now').mockImplementation(() => (now += STEP_MS));
    turns.start();
  });
  afterEach(async () => {
    turns.stop();
    clock.mockRestore();
    await engine.dispose();
  });

  it.each([{ atomic: true }, { atomic: false }])(
    'is decided in portions, between which others have their turn (atomic: $atomic)',
    async ({ atomic }) => {
      const commands = Array.from({ length: WRITES }, (_, n) => creditOf(`u-${n}`, `r-${n}`));
      if (atomic) {
        const envelope = { requestId: 'envelope', caller: '', omitBodies: false };
        expect(await engine.commit.submitAtomic(envelope, commands, NO_LIMIT)).toMatchObject({ code: 0 });
      } else {
        const answer = { booked: new Set<number>(), answer: () => null };
        expect(await engine.commit.submitMany(commands, NO_LIMIT, answer)).toHaveLength(WRITES);
      }
      expect(encoded).toHaveLength(WRITES);
      const perTurn = new Map<number, number>();
      for (const turn of encoded) perTurn.set(turn, (perTurn.get(turn) ?? 0) + 1);
      expect(Math.max(...perTurn.values())).toBeLessThanOrEqual(PER_PORTION);
    },
  );
});
