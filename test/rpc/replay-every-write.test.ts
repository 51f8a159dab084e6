import { status } from '@grpc/grpc-js';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';
import { contentOf, type RawCall } from '../harness/raw-client';
import { unforeseenFaults } from '../harness/unforeseen-faults';
import { rawCalls } from '../harness/raw-calls';

const COPIES = 12;
const asset = 'GOLD';

/** What a write is about, made before it is sent. */
interface Subjects {
  readonly userId: string;
  readonly transactionId: string;
  readonly holdId: string;
}

interface WriteUnderTest {
  readonly name: string;
  /** Succeeds. */
  readonly call: (subjects: Subjects, requestId: string) => RawCall;
  /** Means something else. */
  readonly others: (subjects: Subjects, requestId: string) => readonly RawCall[];
  /** Fails. */
  readonly failing: (subjects: Subjects, requestId: string) => RawCall;
  readonly code: status;
}

const writes: readonly WriteUnderTest[] = [
  {
    name: 'Transfer',
    call: ({ userId }, requestId) => transfer(userId, requestId),
    others: ({ userId }, requestId) => [
      transfer(userId, requestId, { amount: 6n }),
      transfer(userId, requestId, { toUserId: 'carl' }),
      transfer(userId, requestId, { reference: 'other' }),
    ],
    failing: ({ userId }, requestId) => transfer(userId, requestId, { amount: 1_001n }),
    code: status.FAILED_PRECONDITION,
  },
  {
    name: 'PostTransaction',
    call: ({ userId }, requestId) => postLegs(userId, requestId, 5n),
    others: ({ userId }, requestId) => [
      postLegs(userId, requestId, 6n),
      postLegs(userId, requestId, 5n, 'carl'),
      postLegs(userId, requestId, 5n, 'bob', 2n),
    ],
    failing: ({ userId }, requestId) => postLegs(userId, requestId, 5n, 'bob', 77n),
    code: status.ABORTED,
  },
  {
    name: 'ReverseTransaction',
    call: ({ userId, transactionId }, requestId) =>
      rawCalls.reverseTransaction({ userId, requestId, transactionId, amount: 5n }),
    others: ({ userId, transactionId }, requestId) => [
      rawCalls.reverseTransaction({ userId, requestId, transactionId, amount: 6n }),
      rawCalls.reverseTransaction({ userId, requestId, transactionId }),
      rawCalls.reverseTransaction({ userId, requestId, transactionId, amount: 5n, description: 'other' }),
    ],
    failing: ({ userId, transactionId }, requestId) =>
      rawCalls.reverseTransaction({ userId, requestId, transactionId, amount: 1_001n }),
    code: status.FAILED_PRECONDITION,
  },
  {
    name: 'PlaceHold',
    call: ({ userId }, requestId) => rawCalls.placeHold({ userId, requestId, asset, amount: 5n }),
    others: ({ userId }, requestId) => [
      rawCalls.placeHold({ userId, requestId, asset, amount: 6n }),
      rawCalls.placeHold({ userId, requestId, asset, amount: 5n, destination: '@shop' }),
      rawCalls.placeHold({
        userId,
        requestId,
        asset,
        amount: 5n,
        expireTime: { seconds: 4_000_000_000n, nanos: 0 },
      }),
    ],
    failing: ({ userId }, requestId) => rawCalls.placeHold({ userId, requestId, asset, amount: 1_001n }),
    code: status.FAILED_PRECONDITION,
  },
  {
    name: 'CaptureHold',
    call: ({ userId, holdId }, requestId) => rawCalls.captureHold({ userId, requestId, holdId, amount: 5n }),
    others: ({ userId, holdId }, requestId) => [
      rawCalls.captureHold({ userId, requestId, holdId, amount: 6n }),
      rawCalls.captureHold({ userId, requestId, holdId }),
      rawCalls.releaseHold({ userId, requestId, holdId }),
    ],
    failing: ({ userId, holdId }, requestId) =>
      rawCalls.captureHold({ userId, requestId, holdId, amount: 1_001n }),
    code: status.FAILED_PRECONDITION,
  },
  {
    name: 'ReleaseHold',
    call: ({ userId, holdId }, requestId) => rawCalls.releaseHold({ userId, requestId, holdId }),
    others: ({ userId, transactionId }, requestId) => [
      rawCalls.releaseHold({ userId, requestId, holdId: transactionId }),
      rawCalls.credit({ userId, requestId, asset, amount: 1n }),
    ],
    failing: ({ userId, transactionId }, requestId) =>
      rawCalls.releaseHold({ userId, requestId, holdId: transactionId }),
    code: status.NOT_FOUND,
  },
  {
    name: 'UpdateAccount',
    call: ({ userId }, requestId) => update(userId, requestId, {}),
    others: ({ userId }, requestId) => [
      update(userId, requestId, { minBalance: 6n }),
      update(userId, requestId, { metadata: { a: '2' } }),
      update(userId, requestId, { updateMask: ['min_balance', 'metadata', 'frozen'] }),
      update(userId, requestId, { etag: 'v0' }),
    ],
    failing: ({ userId }, requestId) => update(userId, requestId, { etag: 'v99' }),
    code: status.ABORTED,
  },
];

describe.each(TOPOLOGIES)('each write that is sent again ($topology)', ({ servers }) => {
  let ledger: LedgerUnderTest;
  let users = 0;

  beforeAll(async () => {
    ledger = await startLedger(servers);
  });
  afterAll(() => ledger.dispose());
  afterEach(async () => {
    expect(await checkLedger(ledger.database)).toEqual([]);
    expect(unforeseenFaults(ledger)).toEqual([]);
  });

  it.each(writes)('gets the first answer byte for byte: $name', async ({ call }) => {
    const subjects = await prepare();
    const first = await oneAnswerOfCopies(call(subjects, 'request'), status.OK);
    const before = await stateOf(subjects.userId);

    // Whatever comes in between.
    await ledger.client().credit({ userId: subjects.userId, asset, amount: 50n });
    for (const turn of [0, 1]) {
      expect(await ledger.raw(turn).send(call(subjects, 'request'))).toEqual({ ...first, replayed: 'true' });
    }
    expect(await stateOf(subjects.userId)).toEqual({ ...before, balance: before.balance + 50n });
  });

  it.each(writes)('gets its failure byte for byte: $name', async ({ failing, code }) => {
    const subjects = await prepare();
    const first = await oneAnswerOfCopies(failing(subjects, 'request'), code);

    await ledger.client().credit({ userId: subjects.userId, asset, amount: 5_000n });
    for (const turn of [0, 1]) {
      expect(await ledger.raw(turn).send(failing(subjects, 'request'))).toEqual({
        ...first,
        replayed: 'true',
      });
    }
    expect(await stateOf(subjects.userId)).toEqual({
      balance: 5_100n,
      held: 10n,
      frozen: false,
      minBalance: 0n,
    });
  });

  it.each(writes)(
    'is refused with other content, and the first answer stands: $name',
    async ({ call, others }) => {
      const subjects = await prepare();
      const first = await ledger.raw().send(call(subjects, 'request'));
      expect(first).toMatchObject({ code: status.OK });
      const before = await stateOf(subjects.userId);
      for (const [turn, other] of others(subjects, 'request').entries()) {
        expect(await ledger.raw(turn).send(other)).toMatchObject({
          ...{ code: status.ALREADY_EXISTS, replayed: undefined },
        });
      }
      expect(await ledger.raw(1).send(call(subjects, 'request'))).toEqual({ ...first, replayed: 'true' });
      expect(await stateOf(subjects.userId)).toEqual(before);
    },
  );

  /** A user with 100, of which 10 are held, after a transfer of 20. */
  async function prepare(): Promise<Subjects> {
    const userId = `user-${(users += 1)}`;
    const client = ledger.client();
    await client.credit({ userId, asset, amount: 120n });
    const { transaction } = await client.transfer({
      fromUserId: userId,
      toUserId: 'bob',
      asset,
      amount: 20n,
    });
    const { hold } = await client.placeHold({ userId, asset, amount: 10n });
    return { userId, transactionId: transaction.transactionId, holdId: hold.holdId };
  }

  async function oneAnswerOfCopies(call: RawCall, code: status) {
    const answers = await Promise.all(Array.from({ length: COPIES }, (_, n) => ledger.raw(n).send(call)));
    const carriedOut = answers.filter(({ replayed }) => replayed === undefined);
    expect(carriedOut).toHaveLength(1);
    expect(carriedOut[0]).toMatchObject({ code });
    for (const answer of answers) expect(contentOf(answer)).toEqual(contentOf(carriedOut[0]!));
    return carriedOut[0]!;
  }

  async function stateOf(userId: string) {
    const { account } = await ledger.client(1).getAccount({ userId, asset });
    const { balance, held, frozen, minBalance } = account;
    return { balance, held, frozen, minBalance };
  }
});

function transfer(userId: string, requestId: string, change: object = {}): RawCall {
  return rawCalls.transfer({ fromUserId: userId, requestId, toUserId: 'bob', asset, amount: 5n, ...change });
}

function postLegs(
  userId: string,
  requestId: string,
  amount: bigint,
  to = 'bob',
  expectedSequence?: bigint,
): RawCall {
  const expected = expectedSequence === undefined ? {} : { expectedSequence };
  const legs = [
    { userId, asset, change: -amount, ...expected },
    { userId: to, asset, change: amount },
  ];
  return rawCalls.postTransaction({ userId, requestId, legs });
}

function update(userId: string, requestId: string, change: object): RawCall {
  const mask = { updateMask: ['min_balance', 'metadata'] };
  return rawCalls.updateAccount({
    userId,
    requestId,
    asset,
    minBalance: 5n,
    metadata: { a: '1' },
    ...mask,
    ...change,
  });
}
