import { ManualClock } from '../test/manual-clock';
import { CallDeadline } from './call-deadline';

it.each([
  { timeoutMs: 60_000, keepsReserve: false, expectedMs: 60_000 },
  { timeoutMs: 60_000, keepsReserve: true, expectedMs: 59_000 },
  { timeoutMs: 1_000, keepsReserve: true, expectedMs: 500 },
  { timeoutMs: Infinity, keepsReserve: true, expectedMs: Infinity },
])(
  'gives an attempt $expectedMs of $timeoutMs ms when reserve is $keepsReserve',
  ({ timeoutMs, keepsReserve, expectedMs }) => {
    const deadline = new CallDeadline(new ManualClock(), timeoutMs);
    expect(deadline.attemptTimeoutMs(keepsReserve)).toBe(expectedMs);
  },
);

it('has less time as the clock goes on, and none when it has passed', () => {
  const clock = new ManualClock();
  const deadline = new CallDeadline(clock, 1_000);
  clock.advance(400);
  expect(deadline.remainingMs()).toBe(600);
  expect(deadline.attemptTimeoutMs(true)).toBe(300);
  clock.advance(700);
  expect(deadline.remainingMs()).toBe(-100);
});
