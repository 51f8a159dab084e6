import type { CallResult } from '@ledger/kit/rpc/call-result';
import { outcomeEncoder } from '../../services/ledger/src/mapping/outcome-encoder';
import type { WriteResult } from '../../services/ledger/src/engine/write-result';
import { checkLedger } from '../harness/check-ledger';
import { creditOf, NO_LIMIT, startEngine, type EngineUnderTest } from '../harness/engine-under-test';

/** No TypeError or the like: an error of whatever class is a fault of the command that brought it about. */
class Unforeseen extends Error {
  override readonly name = 'Unforeseen';
}

const WRITES = 128;
const INTERNAL = { name: 'CallError', reason: 'INTERNAL' };

/**
 * Encoding comes after the decision, which has changed the accounts in memory by then: what a command that throws left
 * there must not be booked for it, nor by what others book after it.
 */
describe('a command that throws while it is decided or encoded', () => {
  let engine: EngineUnderTest;

  beforeAll(async () => {
    engine = await startEngine({
      encoder: {
        ...outcomeEncoder,
        encode: (command, outcome) => {
          if (command.requestId.startsWith('throws')) throw new Unforeseen(command.requestId);
          return outcomeEncoder.encode(command, outcome);
        },
      },
    });
  });
  afterAll(() => engine.dispose());
  beforeEach(() => engine.faults.splice(0));
  afterEach(async () => expect(await checkLedger(engine.database)).toEqual([]));

  it.each([1, 3, 16, 40])('ends alone, and its neighbours are booked (%i of 128)', async (throwing) => {
    const user = `user-${throwing}`;
    const submitted = Array.from({ length: WRITES }, (_, n) =>
      engine.commit.submit(creditOf(user, n < throwing ? `throws-${n}` : `write-${n}`), NO_LIMIT),
    );
    const results = await Promise.allSettled(submitted);

    for (const [n, result] of results.entries()) {
      if (n < throwing) expect(result).toMatchObject({ status: 'rejected', reason: INTERNAL });
      else expect(result).toMatchObject({ status: 'fulfilled', value: { code: 0, replayed: false } });
    }
    expect(await balanceOf(user)).toBe(String(WRITES - throwing));
    expect(await requestsOf(user)).toBe(WRITES - throwing);
    const named = engine.faults.filter(({ batchSize, action }) => batchSize === 1 && action === 'reject');
    expect(named).toHaveLength(throwing);
    // The others did not wait for more attempts than it takes to find them.
    expect(engine.faults.length - named.length).toBeLessThanOrEqual(throwing > 16 ? 20 : 0);
  });

  it('ends alone in a BatchWrite', async () => {
    const commands = ['one', 'throws-two', 'three'].map((id) => creditOf('bulk', id));
    const results = await engine.commit.submitMany(commands, NO_LIMIT, {
      booked: new Set(),
      answer: (_write, result) => result,
    });

    expect(results).toMatchObject([{ code: 0 }, INTERNAL, { code: 0 }]);
    expect(await balanceOf('bulk')).toBe('2');
    // Not stored: it may come again.
    expect(results.map(isStored)).toEqual([true, false, true]);
    expect(await requestsOf('bulk')).toBe(2);
  });

  it('ends the atomic batch that it belongs to, of which nothing is booked or stored', async () => {
    const commands = ['one', 'throws-two'].map((id) => creditOf('atomic', id));
    const envelope = { requestId: 'envelope', caller: '', omitBodies: false };
    await expect(engine.commit.submitAtomic(envelope, commands, NO_LIMIT)).rejects.toMatchObject(INTERNAL);

    expect(await requestsOf('atomic')).toBe(0);
    expect(await requestsOf('@batch')).toBe(0);
    expect(engine.faults).toHaveLength(1);
  });

  it('is told with what it threw', async () => {
    await expect(engine.commit.submit(creditOf('alone', 'throws'), NO_LIMIT)).rejects.toMatchObject(INTERNAL);
    expect(engine.faults).toMatchObject([
      { action: 'reject', batchSize: 1, error: { name: 'CommandFault', cause: { name: 'Unforeseen' } } },
    ]);
  });

  async function balanceOf(userId: string): Promise<string | undefined> {
    const rows = await engine.database.query('SELECT balance FROM ledger.accounts WHERE user_id = $1', [
      userId,
    ]);
    return rows[0]?.['balance'];
  }

  async function requestsOf(userId: string): Promise<number> {
    return (await engine.database.query('SELECT FROM ledger.requests WHERE user_id = $1', [userId])).length;
  }
});

function isStored(result: WriteResult): result is CallResult {
  return 'code' in result;
}
