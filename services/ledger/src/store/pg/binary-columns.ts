import { ByteBuffer } from '../../ledger/byte-buffer';
import { POSTGRES_EPOCH } from './column-values';

/**
 * Columns of a batch as parameters: arrays in Postgres's binary form (array_recv of its arrayfuncs.c). Beside the
 * text form that a driver makes this saves the escaping, the hexadecimal digits and the decimal ones, here and in
 * the database.
 */

/** What a column is made of; each returns null for NULL. */
type Of<Row, Value> = (row: Row, index: number) => Value;

/** The object ids of Postgres's built-in types, which never change (its pg_type.dat). */
const OID = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int4: 23,
  text: 25,
  json: 114,
  timestamptz: 1184,
  numeric: 1700,
  uuid: 2950,
  jsonb: 3802,
} as const;

const NULL_LENGTH = 0xffff_ffff;
const JSONB_VERSION = 1;

const scratch = new ByteBuffer();

/** `text[]`. */
export function texts<Row>(rows: readonly Row[], of: Of<Row, string | null>): Buffer {
  return column(OID.text, rows, of, (value) => scratch.text(value));
}

/** `json[]`, from JSON text. */
export function jsons<Row>(rows: readonly Row[], of: Of<Row, string | null>): Buffer {
  return column(OID.json, rows, of, (value) => scratch.text(value));
}

/** `bigint[]`. */
export function bigints<Row>(rows: readonly Row[], of: Of<Row, bigint | null>): Buffer {
  return column(OID.int8, rows, of, (value) => {
    scratch.u32(8);
    scratch.i64(value);
  });
}

/** `numeric[]`, of whole numbers. */
export function numerics<Row>(rows: readonly Row[], of: Of<Row, bigint | null>): Buffer {
  return column(OID.numeric, rows, of, writeNumeric);
}

/** `int[]`. */
export function integers<Row>(rows: readonly Row[], of: Of<Row, number | null>): Buffer {
  return column(OID.int4, rows, of, (value) => {
    scratch.u32(4);
    scratch.u32(value);
  });
}

/** `boolean[]`. */
export function booleans<Row>(rows: readonly Row[], of: Of<Row, boolean | null>): Buffer {
  return column(OID.bool, rows, of, (value) => {
    scratch.u32(1);
    scratch.u8(value ? 1 : 0);
  });
}

/** `bytea[]`. */
export function byteas<Row>(rows: readonly Row[], of: Of<Row, Uint8Array | null>): Buffer {
  return column(OID.bytea, rows, of, (value) => {
    scratch.u32(value.length);
    scratch.raw(value);
  });
}

/** `uuid[]`, from lower-case text. */
export function uuids<Row>(rows: readonly Row[], of: Of<Row, string | null>): Buffer {
  return column(OID.uuid, rows, of, (value) => {
    scratch.u32(16);
    scratch.uuid(value);
  });
}

/** `timestamptz[]`, from microseconds since 1970. */
export function times<Row>(rows: readonly Row[], of: Of<Row, bigint | null>): Buffer {
  return column(OID.timestamptz, rows, of, (value) => {
    scratch.u32(8);
    scratch.i64(value - POSTGRES_EPOCH);
  });
}

/** `jsonb[]`, from JSON text. */
export function jsonbs<Row>(rows: readonly Row[], of: Of<Row, string | null>): Buffer {
  return column(OID.jsonb, rows, of, (value) => {
    const start = scratch.length;
    scratch.u32(0);
    scratch.u8(JSONB_VERSION);
    scratch.utf8(value);
    scratch.setU32(start, scratch.length - start - 4);
  });
}

const NUMERIC_BASE = 10_000;
const NUMERIC_POSITIVE = 0;
const NUMERIC_NEGATIVE = 0x4000;
const LARGEST_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * A whole number as numeric_recv takes it: how many digits of base 10,000, the power of the first one, the sign, how
 * many decimal places, then the digits. Numbers, not bigints, wherever they are exact: a tenth of the time.
 */
function writeNumeric(value: bigint): void {
  const magnitude = value < 0n ? -value : value;
  const digits = magnitude <= LARGEST_SAFE ? safeDigits(Number(magnitude)) : largeDigits(magnitude);
  scratch.u32(8 + 2 * digits.length);
  scratch.u16(digits.length);
  scratch.u16(digits.length === 0 ? 0 : digits.length - 1);
  scratch.u16(value < 0n ? NUMERIC_NEGATIVE : NUMERIC_POSITIVE);
  scratch.u16(0);
  for (let i = digits.length - 1; i >= 0; i -= 1) scratch.u16(digits[i] ?? 0);
}

/** Digits from the lowest, of a number that a double holds exactly. Remainders are exact; a quotient may be rounded. */
function safeDigits(value: number): number[] {
  const digits: number[] = [];
  for (let rest = value; rest > 0;) {
    const digit = rest % NUMERIC_BASE;
    digits.push(digit);
    rest = (rest - digit) / NUMERIC_BASE;
  }
  return digits;
}

function largeDigits(value: bigint): number[] {
  const base = BigInt(NUMERIC_BASE);
  const digits: number[] = [];
  for (let rest = value; rest > 0n; rest /= base) digits.push(Number(rest % base));
  return digits;
}

/** One dimension, from index 1: its header, then each element as its length and its bytes. */
function column<Row, Value>(
  type: number,
  rows: readonly Row[],
  of: Of<Row, Value | null>,
  write: (value: Value) => void,
): Buffer {
  scratch.reset();
  scratch.u32(1);
  // Whether there may be a NULL; Postgres looks for itself.
  scratch.u32(0);
  scratch.u32(type);
  scratch.u32(rows.length);
  scratch.u32(1);
  for (let i = 0; i < rows.length; i += 1) {
    const value = of(rows[i] as Row, i);
    if (value === null) scratch.u32(NULL_LENGTH);
    else write(value);
  }
  return Buffer.from(scratch.bytes());
}
