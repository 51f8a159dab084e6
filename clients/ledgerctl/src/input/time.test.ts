import { parseTime } from './time';

it.each([
  ['2026-11-20T20:53:02Z', 1_795_207_982n, 0],
  ['2026-11-20T20:53:02.046426Z', 1_795_207_982n, 46_426_000],
  ['2026-11-20t21:53:02.1+01:00', 1_795_207_982n, 100_000_000],
  ['1969-12-31T23:59:59.999999999Z', -1n, 999_999_999],
])('%s is an instant, to the last digit', (text, seconds, nanos) => {
  expect(parseTime(text)).toEqual({ seconds, nanos });
});

it.each(['2026-02-30T00:00:00Z', '2026-11-20T20:53:02', '2026-11-20', '2026-11-20T25:00:00Z', 'now', ''])(
  '"%s" is refused',
  (text) => {
    expect(() => parseTime(text)).toThrow(/RFC 3339/);
  },
);
