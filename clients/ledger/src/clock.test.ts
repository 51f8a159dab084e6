/** @paused: also run by `npm run test:paused`. */
import { systemClock } from './clock';

const AN_HOUR_MS = 3_600_000;

it('never goes back', () => {
  const times = Array.from({ length: 100 }, () => systemClock.now());
  expect(times).toEqual([...times].sort((one, other) => one - other));
});

it('gives a deadline after the time at which it is asked', () => {
  const before = Date.now();
  const deadline = systemClock.deadlineIn(AN_HOUR_MS);
  expect(deadline).toBeGreaterThanOrEqual(before + AN_HOUR_MS);
  expect(deadline).toBeLessThanOrEqual(Date.now() + AN_HOUR_MS);
  expect(systemClock.deadlineIn(Infinity)).toBe(Infinity);
});

it('sleeps for as long as it is asked to', async () => {
  const before = systemClock.now();
  await systemClock.sleep(20, undefined);
  // Timers count whole milliseconds.
  expect(systemClock.now() - before).toBeGreaterThanOrEqual(19);
});

it('wakes up when the signal is aborted, also when it was before', async () => {
  const abort = new AbortController();
  const asleep = systemClock.sleep(AN_HOUR_MS, abort.signal);
  abort.abort();
  await asleep;
  await systemClock.sleep(AN_HOUR_MS, abort.signal);
});
