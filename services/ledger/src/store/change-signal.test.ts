/** @paused: also run by `npm run test:paused`. */
import { ChangeSignal } from './change-signal';
import type { Connection } from './pg/connection';

const LONG_MS = 60_000;

/** What the database says, one answer after the other. */
let answers: ([horizon: bigint, transactions: bigint, users: string[]] | Error)[];
let asked: number;
let signal: ChangeSignal;
let never: AbortController;

const connection: Connection = {
  query: () => {
    asked += 1;
    const answer = answers.shift() ?? [0n, 0n, []];
    return answer instanceof Error
      ? Promise.reject(answer)
      : Promise.resolve({ rows: [answer], rowCount: 1 });
  },
};

beforeEach(() => {
  answers = [];
  asked = 0;
  signal = new ChangeSignal({ read: (work) => work(connection) }, 1);
  never = new AbortController();
});
afterEach(() => never.abort());

function waiting(userId: string, since: bigint): Promise<string> {
  return signal.next(userId, since, LONG_MS, never.signal).then(() => userId);
}

it('wakes whose entries came, and who waits for anything', async () => {
  const woken: string[] = [];
  const waits = ['ada', '', 'bob', 'ada'].map((userId) => waiting(userId, 10n).then((id) => woken.push(id)));
  answers = [
    [11n, 0n, []],
    [12n, 1n, ['ada', '@issuance']],
  ];
  await Promise.all([waits[0], waits[1], waits[3]]);
  expect(woken).toEqual(['ada', '', 'ada']);
  answers = [[13n, 1n, ['bob']]];
  await waits[2];
  expect(woken).toContain('bob');
});

it('resolves at once for a change that was signalled before', async () => {
  const other = waiting('bob', 10n);
  answers = [
    [20n, 1n, ['ada']],
    [21n, 1n, ['bob']],
  ];
  await other;
  // It read while the horizon was at 15; what it lacks came to light since, and nothing may follow.
  await waiting('ada', 15n);
  expect(asked).toBe(2);
});

it('wakes all when the changes are too many to name, or cannot be had', async () => {
  answers = [[20n, 1_000n, []]];
  await Promise.all([waiting('ada', 10n), waiting('bob', 10n)]);
  answers = [new Error('away')];
  await Promise.all([waiting('ada', 20n), waiting('bob', 20n)]);
});

it('wakes after the time given, or on an abort, and asks nothing while nobody waits', async () => {
  jest.useFakeTimers();
  try {
    const late = signal.next('ada', 10n, 5, never.signal);
    await jest.advanceTimersByTimeAsync(5);
    await late;
    const abort = new AbortController();
    const left = signal.next('ada', 10n, LONG_MS, abort.signal);
    abort.abort();
    await left;
    await signal.next('ada', 10n, LONG_MS, abort.signal);
    const before = asked;
    expect(before).toBeGreaterThan(0);
    await jest.advanceTimersByTimeAsync(LONG_MS);
    expect(asked).toBe(before);
    expect(jest.getTimerCount()).toBe(0);
  } finally {
    jest.useRealTimers();
  }
});
