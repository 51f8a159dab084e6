import type { Timestamp } from '@ledger/client';
import { UsageError } from './usage-error';

const RFC3339 =
  /^(?<date>\d{4}-\d{2}-\d{2})[Tt](?<clock>\d{2}:\d{2}:\d{2})(?:\.(?<fraction>\d{1,9}))?(?<zone>[Zz]|[+-]\d{2}:\d{2})$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const AGO = /^(?<count>\d{1,7})(?<unit>[smhd])$/;
const MS_PER_SECOND = 1_000;
const MS_PER_UNIT: { readonly [unit: string]: number } = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const NANO_DIGITS = 9;
const NANOS_PER_MS = 1_000_000;

/**
 * An instant in RFC 3339, with its zone and up to nine decimal places, none of which is lost.
 *
 * @throws {UsageError}
 */
export function parseTime(text: string): Timestamp {
  const time = rfc3339(text);
  if (time !== undefined) return time;
  throw new UsageError(`time ${text}: RFC 3339 is needed, such as 2026-11-20T20:53:02Z`);
}

/**
 * An instant in RFC 3339, or a day, which means its first instant in UTC.
 *
 * @throws {UsageError}
 */
export function parseInstant(text: string): Timestamp {
  const time = instant(text);
  if (time !== undefined) return time;
  throw new UsageError(
    `time ${text}: RFC 3339 such as 2026-11-20T20:53:02Z or a day such as 2026-11-20 is needed`,
  );
}

/**
 * An instant to read at: as `parseInstant` has it, or `1h` for an hour before now. Not for writes: sent again later, it
 * would be another request.
 *
 * @throws {UsageError}
 */
export function parsePastInstant(text: string, nowMs: number): Timestamp {
  const { count, unit = '' } = AGO.exec(text)?.groups ?? {};
  const time = count === undefined ? instant(text) : atMs(nowMs - Number(count) * (MS_PER_UNIT[unit] ?? 0));
  if (time !== undefined) return time;
  throw new UsageError(`time ${text}: 2026-11-20T20:53:02Z, 2026-11-20 or 1h (ago) is needed`);
}

function instant(text: string): Timestamp | undefined {
  return rfc3339(DAY.test(text) ? `${text}T00:00:00Z` : text);
}

function rfc3339(text: string): Timestamp | undefined {
  const { date = '', clock = '', fraction = '', zone = '' } = RFC3339.exec(text)?.groups ?? {};
  const local = `${date}T${clock}`;
  const ms = Date.parse(`${local}${zone.toUpperCase()}`);
  // Date takes 30 February for 1 or 2 March.
  if (Number.isNaN(ms) || !new Date(`${local}Z`).toISOString().startsWith(local)) return undefined;
  return { seconds: BigInt(ms / MS_PER_SECOND), nanos: Number(fraction.padEnd(NANO_DIGITS, '0')) };
}

function atMs(ms: number): Timestamp {
  const seconds = Math.floor(ms / MS_PER_SECOND);
  return { seconds: BigInt(seconds), nanos: (ms - seconds * MS_PER_SECOND) * NANOS_PER_MS };
}
