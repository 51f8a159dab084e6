import { Budget, waitMs } from './budget';

const policy = { maxAttempts: 8, initialBackoffMs: 100, maxBackoffMs: 1_000 };
const most = (): number => 1;

describe('attemptMs', () => {
  it.each([
    { timeoutMs: 60_000, keepsReserve: false, expectedMs: 60_000 },
    { timeoutMs: 60_000, keepsReserve: true, expectedMs: 59_000 },
    { timeoutMs: 1_000, keepsReserve: true, expectedMs: 500 },
  ])('of $timeoutMs with reserve $keepsReserve is $expectedMs', ({ timeoutMs, keepsReserve, expectedMs }) => {
    const attemptMs = new Budget(timeoutMs).attemptMs(keepsReserve);
    expect(attemptMs).toBeLessThanOrEqual(expectedMs);
    expect(attemptMs).toBeGreaterThan(expectedMs - 400);
  });
});

it('may be without end', () => {
  expect(new Budget(Infinity).attemptMs(true)).toBe(Infinity);
});

describe('waitMs', () => {
  it('doubles up to the most of the policy', () => {
    const waits = [1, 2, 3, 4, 5, 50].map((failures) => waitMs(policy, failures, 0, 60_000, most));
    expect(waits).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it('takes a random part of it', () => {
    expect(waitMs(policy, 3, 0, 60_000, () => 0)).toBe(0);
    expect(waitMs(policy, 3, 0, 60_000, () => 0.25)).toBe(100);
  });

  it('comes on top of what the server asks for', () => {
    expect(waitMs(policy, 1, 5_000, 60_000, () => 0.5)).toBe(5_050);
  });

  it('leaves half of what can be spared to the next attempt', () => {
    expect(waitMs(policy, 5, 0, 300, most)).toBe(150);
    expect(waitMs(policy, 5, 200, 300, most)).toBe(250);
  });

  it('is not taken when the server asks for more than is left', () => {
    expect(waitMs(policy, 1, 300, 300, most)).toBeUndefined();
    expect(waitMs(policy, 1, 0, 0, most)).toBeUndefined();
  });
});
