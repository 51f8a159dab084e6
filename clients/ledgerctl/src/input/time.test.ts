import { parseInstant, parsePastInstant, parseTime } from './time';

it.each([
  ['2026-11-20T20:53:02Z', 1_795_207_982n, 0],
  ['2026-11-20T20:53:02.046426Z', 1_795_207_982n, 46_426_000],
  ['2026-11-20t21:53:02.1+01:00', 1_795_207_982n, 100_000_000],
  ['1969-12-31T23:59:59.999999999Z', -1n, 999_999_999],
])('%s is an instant, to the last digit', (text, seconds, nanos) => {
  expect(parseTime(text)).toEqual({ seconds, nanos });
  expect(parseInstant(text)).toEqual({ seconds, nanos });
});

it.each(['2026-02-30T00:00:00Z', '2026-11-20T20:53:02', '2026-11-20', '2026-11-20T25:00:00Z', 'now', ''])(
  '"%s" is not RFC 3339',
  (text) => {
    expect(() => parseTime(text)).toThrow(/RFC 3339/);
  },
);

it('a day is its first instant in UTC', () => {
  expect(parseInstant('2026-11-29')).toEqual({ seconds: 1_795_910_400n, nanos: 0 });
});

it.each(['2026-02-30', '2026-11', '29.11.2026', '1h', ''])('"%s" is neither a time nor a day', (text) => {
  expect(() => parseInstant(text)).toThrow(/2026-11-20 is needed$/);
});

it.each([
  ['90s', 1_795_207_892n],
  ['15m', 1_795_207_082n],
  ['1h', 1_795_204_382n],
  ['7d', 1_794_603_182n],
])('%s is that long ago, where a past is asked for', (text, seconds) => {
  const now = Date.parse('2026-11-20T20:53:02.046Z');
  expect(parsePastInstant(text, now)).toEqual({ seconds, nanos: 46_000_000 });
  expect(parsePastInstant('2026-11-29', now)).toEqual(parseInstant('2026-11-29'));
});

it.each(['1', 'h', '1w', '-1h', '1h30m', '12345678s'])('"%s" is no past', (text) => {
  expect(() => parsePastInstant(text, 0)).toThrow(/1h \(ago\) is needed$/);
});
