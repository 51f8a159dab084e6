/** @paused: also run by `npm run test:paused`. */
import { HoldState, type LedgerError } from '@ledger/client';
import { checkLedger } from '../harness/check-ledger';
import {
  databaseTimeIn,
  later,
  letTimePass,
  microsOf,
  millisecondsUntil,
  untilPassed,
} from '../harness/database-clock';
import { AN_HOUR_MS } from '../harness/limits';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';
import { unforeseenFaults } from '../harness/unforeseen-faults';

const asset = 'GOLD';
const HOLDS = 30;
/** Between two expiries: about as long as a capture takes. */
const EXPIRY_STEP_MS = 5;
/** Some captures come before the first expiry. Nothing depends on how many. */
const LEAD_MS = 150;

describe.each(TOPOLOGIES)('several who end one hold at once ($topology)', ({ servers }) => {
  let ledger: LedgerUnderTest;
  let users = 0;
  let userId: string;

  beforeAll(async () => {
    ledger = await startLedger(servers);
  });
  afterAll(() => ledger.dispose());
  beforeEach(async () => {
    users += 1;
    userId = `ada-${users}`;
    await ledger.client().credit({ userId, asset, amount: 300n });
  });
  afterEach(async () => {
    expect(await checkLedger(ledger.database)).toEqual([]);
    expect(unforeseenFaults(ledger)).toEqual([]);
  });

  it('are a capture and a release: exactly one of them wins', async () => {
    const holdIds = await placeMany();
    const races = await Promise.all(
      holdIds.map((holdId, n) => raceOf([() => capture(holdId, n), () => release(holdId, n + 1)])),
    );

    let captured = 0n;
    for (const [index, race] of races.entries()) {
      const winner = theOneWinner(race);
      const { hold } = await ledger.client().getHold({ userId, holdId: holdIds[index]! });
      expect(hold.state).toBe(winner === 0 ? HoldState.CAPTURED : HoldState.RELEASED);
      if (winner === 0) captured += 10n;
    }
    await leaves(300n - captured);
  });

  it('are two captures of different amounts: exactly one of them wins', async () => {
    const holdIds = await placeMany();
    const races = await Promise.all(
      holdIds.map((holdId, n) => raceOf([() => capture(holdId, n, 3n), () => capture(holdId, n + 1, 8n)])),
    );

    let captured = 0n;
    for (const [index, race] of races.entries()) {
      const amount = theOneWinner(race) === 0 ? 3n : 8n;
      const { hold } = await ledger.client().getHold({ userId, holdId: holdIds[index]! });
      expect(hold).toMatchObject({ state: HoldState.CAPTURED, capturedAmount: amount });
      captured += amount;
    }
    await leaves(300n - captured);
  });

  it('are captures and the clock: what was captured had not expired, what expired was not captured', async () => {
    const first = await databaseTimeIn(ledger.database, AN_HOUR_MS);
    const holds = await Promise.all(
      Array.from({ length: HOLDS }, async (_, n) => {
        const expireTime = later(first, n * EXPIRY_STEP_MS);
        const { hold } = await ledger.client(n).placeHold({ userId, asset, amount: 10n, expireTime });
        return hold;
      }),
    );
    // Soon the first expires. One capture follows the other while the holds expire under them.
    await letTimePass(ledger.database, (await millisecondsUntil(ledger.database, first)) - LEAD_MS);
    const results = [];
    for (const [n, { holdId }] of holds.entries()) {
      results.push(await Promise.allSettled([capture(holdId, n), spendAll(n + 1)]));
    }
    const lastHold = await ledger.client().getHold({ userId, holdId: holds.at(-1)!.holdId });
    await untilPassed(ledger.database, lastHold.hold.expireTime!);

    let left = 300n;
    for (const [index, [captured, spent]] of results.entries()) {
      const { hold } = await ledger.client().getHold({ userId, holdId: holds[index]!.holdId });
      if (captured.status === 'fulfilled') {
        left -= 10n;
        const { transaction } = captured.value;
        expect(hold).toMatchObject({ state: HoldState.CAPTURED, capturedAmount: 10n });
        expect(microsOf(transaction.createTime!)).toBeLessThan(microsOf(hold.expireTime!));
      } else {
        expect(hold).toMatchObject({ state: HoldState.EXPIRED, capturedAmount: 0n });
        expect(captured.reason).toMatchObject({ reason: 'HOLD_NOT_OPEN', metadata: { state: 'EXPIRED' } });
      }
      if (spent.status === 'fulfilled') left -= 10n;
    }
    await leaves(left);
  });

  async function placeMany(): Promise<string[]> {
    const placed = await Promise.all(
      Array.from({ length: HOLDS }, (_, n) => ledger.client(n).placeHold({ userId, asset, amount: 10n })),
    );
    return placed.map(({ hold }) => hold.holdId);
  }

  function capture(holdId: string, turn: number, amount = 0n) {
    return ledger.client(turn).captureHold({ userId, holdId, amount });
  }

  function release(holdId: string, turn: number) {
    return ledger.client(turn).releaseHold({ userId, holdId });
  }

  /** Wants what an expired hold freed. */
  function spendAll(turn: number) {
    const subject = { $case: 'price', value: { asset, amount: 10n } } as const;
    return ledger.client(turn).purchase({ userId, subject });
  }

  async function leaves(balance: bigint): Promise<void> {
    expect((await ledger.client(1).getBalance({ userId, asset })).balance).toMatchObject({
      ...{ balance, held: 0n, available: balance },
    });
  }
});

function raceOf(calls: readonly (() => Promise<unknown>)[]): Promise<PromiseSettledResult<unknown>[]> {
  return Promise.allSettled(calls.map((call) => call()));
}

function theOneWinner(race: readonly PromiseSettledResult<unknown>[]): number {
  const lost = race.flatMap((result) => (result.status === 'rejected' ? (result.reason as LedgerError) : []));
  expect(lost).toHaveLength(race.length - 1);
  for (const error of lost) expect(error).toMatchObject({ reason: 'HOLD_NOT_OPEN' });
  return race.findIndex(({ status }) => status === 'fulfilled');
}
