import { ManualClock } from '../test/manual-clock';
import { CallDeadline } from './call-deadline';

it.each([
  { timeoutMs: 60_000, isLast: true, expectedMs: 60_000 },
  { timeoutMs: 60_000, isLast: false, expectedMs: 59_000 },
  { timeoutMs: 1_000, isLast: false, expectedMs: 750 },
  { timeoutMs: Infinity, isLast: false, expectedMs: Infinity },
])(
  'gives an attempt $expectedMs of $timeoutMs ms when that it is the last is $isLast',
  ({ timeoutMs, isLast, expectedMs }) => {
    const deadline = new CallDeadline(new ManualClock(), timeoutMs);
    expect(deadline.attemptTimeoutMs(isLast)).toBe(expectedMs);
  },
);

it('has less time as the clock goes on, and none when it has passed', () => {
  const clock = new ManualClock();
  const deadline = new CallDeadline(clock, 1_000);
  clock.advance(400);
  expect(deadline.remainingMs()).toBe(600);
  expect(deadline.attemptTimeoutMs(false)).toBe(450);
  clock.advance(700);
  expect(deadline.remainingMs()).toBe(-100);
});
