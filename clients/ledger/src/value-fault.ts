import type { FieldType } from '@ledger/proto/ledger/v1/fields';

/** Why a value cannot be sent. */
export interface ValueFault {
  /** Where in the value, such as `[2]`. */
  readonly inside?: string;
  readonly description: string;
}

const INT32_MAX = 2 ** 31 - 1;
const NANOS_MAX = 999_999_999;
const SHOWN_MAX = 40;

/** Why a value of a JavaScript caller is none of the field's type; undefined when it is one. */
export function valueFault({ type, of }: FieldType, value: unknown): ValueFault | undefined {
  switch (type) {
    case 'string':
      return textFault(value);
    case 'int64':
      return int64Fault(value);
    case 'int32':
      return isInt32(value) ? undefined : mustBe('a whole number', value);
    case 'enum':
      return isInt32(value) ? undefined : mustBe(`one of ${of ?? 'its enum'}`, value);
    case 'bool':
      return typeof value === 'boolean' ? undefined : mustBe('true or false', value);
    case 'bytes':
      return value instanceof Uint8Array ? undefined : mustBe('bytes', value);
    case 'timestamp':
      return timestampFault(value);
    case 'map':
      return mapFault(value);
    case 'mask':
      return maskFault(value);
    // What they are made of is checked one by one.
    case 'message':
    case 'oneof':
      return undefined;
  }
}

function textFault(value: unknown): ValueFault | undefined {
  if (typeof value !== 'string') return mustBe('a string', value);
  return /\p{Surrogate}/u.test(value) ? { description: 'has half of a surrogate pair' } : undefined;
}

/** Numbers are refused, also those that are exact: an amount that was a number once may not have been. */
function int64Fault(value: unknown): ValueFault | undefined {
  if (typeof value === 'bigint') {
    return BigInt.asIntN(64, value) === value ? undefined : mustBe('an int64', value);
  }
  const cure = Number.isSafeInteger(value) ? `: write ${String(value)}n` : '';
  return { description: `must be a bigint, not ${shown(value)}${cure}` };
}

function timestampFault(value: unknown): ValueFault | undefined {
  if (value instanceof Date) return { description: 'is a Date: use toTimestamp(date)' };
  if (typeof value !== 'object' || value === null) return mustBe('a Timestamp', value);
  const { seconds, nanos } = { seconds: undefined, nanos: undefined, ...value };
  const isWhole = isInt32(nanos) && nanos >= 0 && nanos <= NANOS_MAX;
  if (typeof seconds === 'bigint' && isWhole) return int64Fault(seconds);
  return { description: 'must be a Timestamp: { seconds: bigint, nanos: 0 to 999999999 }' };
}

function mapFault(value: unknown): ValueFault | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Date) {
    return mustBe('an object or a Map of strings', value);
  }
  const pairs: Iterable<readonly [unknown, unknown]> = value instanceof Map ? value : Object.entries(value);
  for (const [key, one] of pairs) {
    const fault = textFault(key) ?? textFault(one);
    if (fault !== undefined) return { inside: `[${shown(key)}]`, ...fault };
  }
  return undefined;
}

function maskFault(value: unknown): ValueFault | undefined {
  if (!Array.isArray(value)) return mustBe("an array of fields, such as ['min_balance']", value);
  const index = value.findIndex((path) => typeof path !== 'string');
  return index < 0 ? undefined : { inside: `[${index}]`, ...mustBe('a string', value[index]) };
}

function isInt32(value: unknown): value is number {
  return Number.isInteger(value) && Math.abs(Number(value)) <= INT32_MAX;
}

function mustBe(what: string, value: unknown): ValueFault {
  return { description: `must be ${what}, not ${shown(value)}` };
}

/** A value in an error: short, whatever it is. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, SHOWN_MAX));
  if (value instanceof Date) return 'a Date';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  return String(value).slice(0, SHOWN_MAX);
}
