import type { Timestamp } from '@ledger/client';
import { UsageError } from './usage-error';

const RFC3339 =
  /^(?<date>\d{4}-\d{2}-\d{2})[Tt](?<clock>\d{2}:\d{2}:\d{2})(?:\.(?<fraction>\d{1,9}))?(?<zone>[Zz]|[+-]\d{2}:\d{2})$/;
const MS_PER_SECOND = 1_000;
const NANO_DIGITS = 9;

/**
 * An instant in RFC 3339, with its zone and up to nine decimal places, none of which is lost.
 *
 * @throws {UsageError}
 */
export function parseTime(text: string): Timestamp {
  const { date = '', clock = '', fraction = '', zone = '' } = RFC3339.exec(text)?.groups ?? {};
  const local = `${date}T${clock}`;
  const ms = Date.parse(`${local}${zone.toUpperCase()}`);
  // Date takes 30 February for 1 or 2 March.
  if (Number.isNaN(ms) || !new Date(`${local}Z`).toISOString().startsWith(local)) {
    throw new UsageError(`time ${text}: RFC 3339 is needed, such as 2026-11-20T20:53:02Z`);
  }
  return { seconds: BigInt(ms / MS_PER_SECOND), nanos: Number(fraction.padEnd(NANO_DIGITS, '0')) };
}
