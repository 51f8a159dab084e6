import type { PostTransactionRequest } from '@ledger/client';
import { createDataSource } from '@ledger/kit/postgres/data-source';
import { statedOutcome } from '../../services/ledger/src/mapping/stated-outcome';
import { ledgerSource, readerParameters } from '../../services/ledger/src/store/data-source';
import { connectionOf, type Connection } from '../../services/ledger/src/store/pg/connection';
import { ONE_CELL } from '../../services/ledger/src/ledger/placement';
import { runVerification } from '../../services/ledger/src/verify/run-verification';
import { createTestDatabase, type TestDatabase } from '../harness/test-database';
import { startTestServer } from '../harness/test-server';

const LEGS = 64;
const POSTS = 40;
/** What a statement of a verification may answer: each row is decoded and checked before others have their turn. */
const ROWS_AT_ONCE = 1_000;

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  const server = await startTestServer(database.url);
  for (let n = 0; n < POSTS; n += 1) await server.client.postTransaction(postOf(`user-${n}`));
  await server.stop();
});
afterAll(() => database.drop());

it('reads the legs of large transactions in parts', async () => {
  const settings = { url: database.url, applicationName: 'verify', poolSize: 1 };
  const source = createDataSource(ledgerSource({ ...settings, parameters: readerParameters(600_000) }));
  await source.initialize();
  const runner = source.createQueryRunner();
  try {
    const real = await connectionOf(runner);
    const rowCounts: number[] = [];
    const counting: Connection = {
      query: async (config) => {
        const result = await real.query(config);
        rowCounts.push(result.rows.length);
        return result;
      },
    };
    const verification = runVerification((work) => work(counting), ONE_CELL, statedOutcome, '');
    let step = await verification.next();
    while (step.done !== true) step = await verification.next();
    expect(step.value).toMatchObject({ violations: [], entriesChecked: BigInt(LEGS * POSTS) });
    expect(Math.max(...rowCounts)).toBeLessThanOrEqual(ROWS_AT_ONCE);
    expect(rowCounts.reduce((sum, rows) => sum + rows, 0)).toBeGreaterThan(3 * LEGS * POSTS);
  } finally {
    await runner.release();
    await source.destroy();
  }
});

function postOf(userId: string): PostTransactionRequest {
  const own = { userId, asset: 'GOLD', change: BigInt(LEGS - 1) };
  const others = Array.from({ length: LEGS - 1 }, (_, n) => ({
    userId: `@x${n}`,
    asset: 'GOLD',
    change: -1n,
  }));
  return { userId, requestId: 'post', legs: [own, ...others] };
}
