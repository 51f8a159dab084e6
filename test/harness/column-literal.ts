/** 2000-01-01 in microseconds since 1970, from which Postgres counts. */
const POSTGRES_EPOCH = 946_684_800_000_000n;

/** What the elements of a binary array say, by the object id of their type (Postgres's pg_type.dat). */
const textOf: Readonly<Record<number, (bytes: Buffer) => string>> = {
  16: (bytes) => (bytes[0] === 1 ? 'true' : 'false'),
  17: (bytes) => `\\\\x${bytes.toString('hex')}`,
  20: (bytes) => bytes.readBigInt64BE().toString(),
  23: (bytes) => bytes.readInt32BE().toString(),
  25: (bytes) => bytes.toString().replace(/["\\]/g, '\\$&'),
  1184: (bytes) => timeOf(bytes.readBigInt64BE() + POSTGRES_EPOCH),
  1700: wholeOf,
  2950: (bytes) => bytes.toString('hex'),
  3802: (bytes) => bytes.subarray(1).toString().replace(/["\\]/g, '\\$&'),
};

/** The SQL literal of an array that was made for a parameter in Postgres's binary form. */
export function columnLiteral(column: Buffer): string {
  const [, , type = 0, count = 0] = [0, 4, 8, 12].map((at) => column.readInt32BE(at));
  const read = textOf[type];
  if (read === undefined) throw new TypeError(`no column is of type ${type}`);
  const elements: string[] = [];
  for (let at = 20, n = 0; n < count; n += 1) {
    const length = column.readInt32BE(at);
    at += 4;
    elements.push(length < 0 ? 'NULL' : `"${read(column.subarray(at, at + length))}"`);
    at += Math.max(length, 0);
  }
  return `'{${elements.join(',')}}'`.replace(/(?<=.)'(?=.)/g, "''");
}

/** The digits of base 10,000 behind how many there are, the power of the first, the sign and the decimal places. */
function wholeOf(bytes: Buffer): string {
  const [count = 0, weight = 0, sign = 0] = [0, 2, 4].map((at) => bytes.readUInt16BE(at));
  let value = 0n;
  for (let n = 0; n <= weight; n += 1) {
    value = value * 10_000n + BigInt(n < count ? bytes.readUInt16BE(8 + 2 * n) : 0);
  }
  return (sign === 0 ? value : -value).toString();
}

function timeOf(micros: bigint): string {
  const rest = (micros % 1_000_000n).toString().padStart(6, '0');
  return `${new Date(Number(micros / 1000n)).toISOString().slice(0, 19)}.${rest}Z`;
}
