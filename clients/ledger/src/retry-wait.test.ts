import { retryWaitMs } from './retry-wait';

const policy = { maxAttempts: 8, initialBackoffMs: 100, maxBackoffMs: 1_000 };
const longest = (): number => 1;

it('doubles up to the maximum of the policy', () => {
  const waits = [1, 2, 3, 4, 5, 50].map((failures) => retryWaitMs(policy, failures, 0, 60_000, longest));
  expect(waits).toEqual([100, 200, 400, 800, 1_000, 1_000]);
});

it('takes a random part of the backoff', () => {
  expect(retryWaitMs(policy, 3, 0, 60_000, () => 0)).toBe(0);
  expect(retryWaitMs(policy, 3, 0, 60_000, () => 0.25)).toBe(100);
});

it('adds the backoff to what the server asks for', () => {
  expect(retryWaitMs(policy, 1, 5_000, 60_000, () => 0.5)).toBe(5_050);
});

it('leaves half of the time that remains to the next attempt', () => {
  expect(retryWaitMs(policy, 5, 0, 300, longest)).toBe(150);
  expect(retryWaitMs(policy, 5, 200, 300, longest)).toBe(250);
});

it('is undefined when the server asks for more than remains', () => {
  expect(retryWaitMs(policy, 1, 300, 300, longest)).toBeUndefined();
  expect(retryWaitMs(policy, 1, 0, 0, longest)).toBeUndefined();
});
