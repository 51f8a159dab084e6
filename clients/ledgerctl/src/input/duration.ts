import { InvalidArgumentError } from '@commander-js/extra-typings';

const FORM = /^(?<count>[0-9]{1,6})(?<unit>ms|s|m)$/;
const MS_PER = { ms: 1, s: 1_000, m: 60_000 } as const;

/** `500ms`, `5s` or `1m`, in milliseconds. */
export function parseDuration(text: string): number {
  const { count, unit } = FORM.exec(text)?.groups ?? {};
  const ms = Number(count) * (unit === 'ms' || unit === 's' || unit === 'm' ? MS_PER[unit] : 0);
  if (ms > 0) return ms;
  throw new InvalidArgumentError('Give it as 500ms, 5s or 1m.');
}
