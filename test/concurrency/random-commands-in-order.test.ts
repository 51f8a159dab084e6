import fc from 'fast-check';
import { SortOrder } from '@ledger/client';
import { checkLedger } from '../harness/check-ledger';
import { LedgerModel } from '../model/ledger-model';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { observedAnswer } from '../harness/observed-answer';
import {
  assetInRun,
  ASSETS,
  callOf,
  GRANTED,
  inRun,
  randomSteps,
  scopeOf,
  SYSTEM_ACCOUNTS,
  USERS,
  type RandomCommand,
  type Settings,
} from '../model/random-commands';
import { contentOf, type RawAnswer } from '../harness/raw-client';

/** Set LEDGER_RANDOM_RUNS to search longer. */
const RUNS = Number(process.env['LEDGER_RANDOM_RUNS'] ?? 15);
const STEPS = 40;
/** Shrinking takes many runs. */
const TIMEOUT_MS = 30_000 + RUNS * 1_000;
const TEN_MINUTES_MS = 600_000;

describe.each([
  { topology: 'one server', servers: 1, priceGraceMs: TEN_MINUTES_MS },
  { topology: 'one server that honours no old price', servers: 1, priceGraceMs: 0 },
  { topology: 'two servers on one database', servers: 2, priceGraceMs: TEN_MINUTES_MS },
  { topology: 'two servers that honour no old price', servers: 2, priceGraceMs: 0 },
])('random commands one after the other ($topology)', ({ servers, priceGraceMs }) => {
  let ledger: LedgerUnderTest;
  let runs = 0;

  beforeAll(async () => {
    ledger = await startLedger(servers, { priceGraceMs });
  });
  afterAll(() => ledger.dispose());

  it(
    'get exactly the answers of a model, and leave exactly its balances and entries',
    async () => {
      const seen = new Map<string, number>();
      await fc.assert(
        fc.asyncProperty(randomSteps(STEPS), async (steps) => {
          const run = `R${(runs += 1)}`;
          const model = new LedgerModel(priceGraceMs > 0);
          const first = new Map<string, RawAnswer>();
          const sent: RandomCommand[] = [];
          for (const [index, step] of steps.entries()) {
            // Two in a row to the same server, and two to the next.
            const server = (index >> 1) % servers;
            if (step.kind === 'settings') {
              await changeSettings(model, inRun(run, step));
              continue;
            }
            const command = step.kind === 'repeat' ? sent.at(-1 - step.back) : inRun(run, step);
            if (command === undefined) continue;
            sent.push(command);
            const result = await answerAgrees(model, first, command, server);
            seen.set(result, (seen.get(result) ?? 0) + 1);
          }
          await stateAgrees(model, run);
        }),
        { numRuns: RUNS },
      );
      // What was generated did reach what it is for.
      expect([...seen.keys()]).toEqual(
        expect.arrayContaining([
          'INSUFFICIENT_FUNDS',
          'ITEM_NOT_FOUND',
          'booked',
          'put',
          'replayed',
          'reused',
        ]),
      );
      expect(await checkLedger(ledger.database)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  async function answerAgrees(
    model: LedgerModel,
    first: Map<string, RawAnswer>,
    command: RandomCommand,
    server: number,
  ): Promise<string> {
    const raw = await ledger.raw(server).send(callOf(command));
    const expected = model.answer(command, server);
    const observed = observedAnswer(command.kind, raw);
    // The server may tell more numbers than the contract lists, never fewer.
    if (expected.answer.type === 'failed') expect(observed).toMatchObject(expected.answer);
    else expect(observed).toEqual(expected.answer);

    expect(raw.replayed).toBe(expected.replayed ? 'true' : undefined);
    const key = `${scopeOf(command)} ${command.requestId}`;
    if (expected.replayed) expect(contentOf(raw)).toEqual(contentOf(first.get(key)!));
    else if (observed.type !== 'malformed' && observed.type !== 'reused') first.set(key, raw);
    if (expected.replayed) return 'replayed';
    return observed.type === 'failed' ? observed.reason : observed.type;
  }

  async function changeSettings(model: LedgerModel, settings: Settings): Promise<void> {
    const { user, asset, frozen, minBalance } = settings;
    const changed = await ledger.database.query(
      `UPDATE ledger.accounts SET frozen = $3, min_balance = $4, settings_version = settings_version + 1
        WHERE user_id = $1 AND asset = $2 AND balance >= $4 RETURNING user_id`,
      [user, asset, frozen, minBalance],
    );
    expect(changed).toHaveLength(model.changeSettings(settings) ? 1 : 0);
  }

  async function stateAgrees(model: LedgerModel, run: string): Promise<void> {
    const assets = [...ASSETS, GRANTED].map((name) => assetInRun(run, name));
    const users = USERS.map((name) => `${run}.${name}`);
    await Promise.all(
      [...users, ...SYSTEM_ACCOUNTS].flatMap((userId) =>
        assets.map(async (asset) => {
          const expected = model.balanceOf(userId, asset);
          const read = ledger.client().getBalance({ userId, asset });
          // Each row of a system account fits int64; their sum need not.
          if (BigInt.asIntN(64, expected.balance) !== expected.balance) {
            await expect(read).rejects.toMatchObject({ reason: 'AMOUNT_OVERFLOW' });
          } else {
            expect((await read).balance).toMatchObject({ userId, asset, ...expected });
          }
        }),
      ),
    );
    await Promise.all(
      users.flatMap((userId) =>
        assets.map(async (asset) => {
          expect(await entriesOf(userId, asset)).toEqual(model.entriesOf(userId, asset));
        }),
      ),
    );
  }

  async function entriesOf(userId: string, asset: string) {
    const entries = [];
    const request = { userId, asset, order: SortOrder.OLDEST_FIRST, pageSize: 7 };
    for await (const { sequence, change, balanceAfter } of ledger.client().listEntries(request)) {
      entries.push({ userId, asset, sequence, change, balanceAfter });
    }
    return entries;
  }
});
