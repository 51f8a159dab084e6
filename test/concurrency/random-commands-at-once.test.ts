import fc from 'fast-check';
import { status } from '@grpc/grpc-js';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';
import { observedAnswer } from '../harness/observed-answer';
import {
  callOf,
  contentOfCommand,
  inRun,
  isWellFormed,
  randomWrites,
  scopeOf,
  type RandomCommand,
} from '../model/random-commands';
import { contentOf, type RawAnswer } from '../harness/raw-client';

/** Set LEDGER_RANDOM_RUNS to search longer. */
const RUNS = Number(process.env['LEDGER_RANDOM_RUNS'] ?? 6);
const WRITES = 60;
const TIMEOUT_MS = 30_000 + RUNS * 2_000;

/** What a command may come to; whatever else came would be a fault. */
const OUTCOMES: readonly number[] = [
  status.OK,
  status.FAILED_PRECONDITION,
  status.NOT_FOUND,
  status.ABORTED,
  status.OUT_OF_RANGE,
];

interface Exchange {
  readonly command: RandomCommand;
  readonly answer: RawAnswer;
}

describe.each([
  ...TOPOLOGIES.map((topology) => ({ ...topology, batchWorkers: 1 })),
  { topology: 'two servers of three batch workers', servers: 2, batchWorkers: 3 },
])('random commands of many callers at once ($topology)', ({ servers, batchWorkers }) => {
  let ledger: LedgerUnderTest;
  let runs = 0;

  beforeAll(async () => {
    // Few stripes and small batches: servers and batches meet as often as can be.
    ledger = await startLedger(servers, { batchWorkers, stripes: 1, batchMax: 20 });
  });
  afterAll(() => ledger.dispose());

  it(
    'keep every rule of the ledger, and each has one outcome for ever',
    async () => {
      let replays = 0;
      await fc.assert(
        fc.asyncProperty(randomWrites(WRITES), async (writes) => {
          const run = `R${(runs += 1)}`;
          const commands = writes.map((command) => inRun(run, command));
          const exchanges = await sendAll(commands, 0);

          oneOutcomeEach(exchanges);
          // Everything once more, to the other server.
          const again = await sendAll(commands, 1);
          for (const [index, { answer }] of again.entries()) {
            expect(contentOf(answer)).toEqual(contentOf(exchanges[index]!.answer));
            expect(answer.replayed).toBe(OUTCOMES.includes(answer.code) ? 'true' : undefined);
          }
          await balancesFollowFrom(exchanges);
          refusalsWereDue(exchanges);
          replays += exchanges.filter(({ answer }) => answer.replayed === 'true').length;
        }),
        { numRuns: RUNS },
      );
      expect(await checkLedger(ledger.database)).toEqual([]);
      expect(replays).toBeGreaterThan(RUNS);
      expect(ledger.refusals()).toEqual([]);
    },
    TIMEOUT_MS,
  );

  function sendAll(commands: readonly RandomCommand[], turn: number): Promise<Exchange[]> {
    return Promise.all(
      commands.map(async (command, n) => ({
        command,
        answer: await ledger.raw(n + turn).send(callOf(command)),
      })),
    );
  }

  /** What was booked once is what the balance consists of. */
  async function balancesFollowFrom(exchanges: readonly Exchange[]): Promise<void> {
    const expected = new Map<string, { userId: string; asset: string; balance: bigint; sequence: bigint }>();
    for (const entry of bookedEntries(exchanges)) {
      const { userId, asset, change } = entry;
      const key = `${userId} ${asset}`;
      const { balance, sequence } = expected.get(key) ?? { balance: 0n, sequence: 0n };
      expected.set(key, { userId, asset, balance: balance + change, sequence: sequence + 1n });
    }
    await Promise.all(
      [...expected.values()].map(async (account) => {
        const { userId, asset } = account;
        expect((await ledger.client().getBalance({ userId, asset })).balance).toMatchObject(account);
      }),
    );
  }
});

/** Of all commands with one request id, one was carried out; its equals got its answer, others were refused. */
function oneOutcomeEach(exchanges: readonly Exchange[]): void {
  const groups = new Map<string, Exchange[]>();
  for (const exchange of exchanges) {
    const { command, answer } = exchange;
    if (!isWellFormed(command)) {
      expect(answer).toMatchObject({ code: status.INVALID_ARGUMENT, replayed: undefined });
      continue;
    }
    const key = `${scopeOf(command)} ${command.requestId}`;
    groups.set(key, [...(groups.get(key) ?? []), exchange]);
  }
  for (const group of groups.values()) {
    const done = group.filter(
      ({ answer }) => OUTCOMES.includes(answer.code) && answer.replayed === undefined,
    );
    expect(done.map(({ command }) => command.requestId)).toHaveLength(1);
    const [first] = done;
    for (const { command, answer } of group) {
      if (contentOfCommand(command) === contentOfCommand(first!.command)) {
        expect(contentOf(answer)).toEqual(contentOf(first!.answer));
      } else {
        expect(answer).toMatchObject({ code: status.ALREADY_EXISTS, replayed: undefined });
      }
    }
  }
}

/** Who was told to have too little had exactly that at some moment. */
function refusalsWereDue(exchanges: readonly Exchange[]): void {
  const balances = new Set(
    bookedEntries(exchanges).map(({ userId, asset, balanceAfter }) => `${userId} ${asset} ${balanceAfter}`),
  );
  for (const { command, answer } of exchanges) {
    const observed = observedAnswer(command.kind, answer);
    if (observed.type !== 'failed' || observed.reason !== 'INSUFFICIENT_FUNDS') continue;
    const { user_id: userId, asset, balance = '', required = '' } = observed.metadata;
    expect(BigInt(required)).toBeGreaterThan(BigInt(balance));
    if (balance !== '0') expect(balances).toContain(`${userId} ${asset} ${balance}`);
  }
}

function bookedEntries(exchanges: readonly Exchange[]) {
  return exchanges.flatMap(({ command, answer }) => {
    const observed = answer.replayed === undefined ? observedAnswer(command.kind, answer) : null;
    return observed?.type === 'booked' ? observed.entries : [];
  });
}
