import { patienceMs } from './grpc-timeout';

it.each([
  ['10m', 9],
  ['1S', 900],
  ['2M', 108_000],
  ['1H', 3_240_000],
  ['1000u', 0.9],
  ['1000000n', 0.9],
  [undefined, Infinity],
  [['1S', '2S'], Infinity],
  ['123456789m', Infinity],
  ['1x', Infinity],
  ['', Infinity],
])('a caller that says %s may cancel after %d ms', (timeout, ms) => {
  expect(patienceMs(timeout)).toBeCloseTo(ms);
});
