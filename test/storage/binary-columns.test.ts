import * as fc from 'fast-check';
import { Client } from 'pg';
import * as columns from '../../services/ledger/src/store/pg/binary-columns';
import { createTestDatabase, type TestDatabase } from '../harness/test-database';

const int64 = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);
/** As far as signed 128 bits go, most of it near where a double or a digit of base 10,000 ends. */
const whole = fc.oneof(
  fc.bigInt(-(2n ** 127n), 2n ** 127n - 1n),
  fc.bigInt(-100n, 100n),
  fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.bigInt(-2n, 2n), fc.constantFrom(1n, -1n))
    .map(([power, near, sign]) => sign * (10_000n ** BigInt(power) + near)),
  fc
    .tuple(fc.integer({ min: 50, max: 66 }), fc.bigInt(-2n, 2n))
    .map(([bits, near]) => 2n ** BigInt(bits) + near),
);
/** What the ledger takes: text without NUL and without half a character. */
const text = fc.string({ unit: 'binary', maxLength: 70 }).filter((value) => !value.includes('\0'));
/** From before Postgres's own epoch to the year 9999. */
const time = fc.bigInt(-62_135_596_800_000_000n, 253_402_300_799_999_999n);
const orNull = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<(T | null)[]> =>
  fc.array(fc.option(values), { maxLength: 20 });

describe('a column of a batch', () => {
  let database: TestDatabase;
  let client: Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    client = new Client({ connectionString: database.url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  const identity = <T>(value: T): T => value;

  it.each<
    [
      type: string,
      values: fc.Arbitrary<unknown[]>,
      make: (rows: never[]) => Buffer,
      read: string,
      told: (value: never) => unknown,
    ]
  >([
    ['text', orNull(text), (rows) => columns.texts(rows, identity), 'v', identity],
    ['bigint', orNull(int64), (rows) => columns.bigints(rows, identity), 'v::text', String],
    ['numeric', orNull(whole), (rows) => columns.numerics(rows, identity), 'v::text', String],
    ['int', orNull(fc.integer()), (rows) => columns.integers(rows, identity), 'v', identity],
    ['boolean', orNull(fc.boolean()), (rows) => columns.booleans(rows, identity), 'v', identity],
    [
      'bytea',
      orNull(fc.uint8Array({ maxLength: 70 }).map((bytes) => Buffer.from(bytes))),
      (rows) => columns.byteas(rows, identity),
      'v',
      identity,
    ],
    ['uuid', orNull(fc.uuid()), (rows) => columns.uuids(rows, identity), 'v::text', identity],
    [
      'timestamptz',
      orNull(time),
      (rows) => columns.times(rows, identity),
      '(extract(epoch FROM v) * 1000000)::bigint::text',
      String,
    ],
    [
      'json',
      orNull(fc.dictionary(text, text).map((value) => JSON.stringify(value))),
      (rows) => columns.jsons(rows, identity),
      'v::text',
      identity,
    ],
    [
      'jsonb',
      orNull(fc.dictionary(text, text).map((value) => JSON.stringify(value))),
      (rows) => columns.jsonbs(rows, identity),
      'v',
      JSON.parse,
    ],
  ])('of %s comes to the database as it is', async (type, values, make, read, told) => {
    await fc.assert(
      fc.asyncProperty(values, async (rows) => {
        const { rows: found } = await client.query<{ value: unknown }>(
          `SELECT ${read} AS value FROM unnest($1::${type}[]) WITH ORDINALITY AS u (v, n) ORDER BY n`,
          [make(rows as never[])],
        );
        const expected = rows.map((row) => (row === null ? null : told(row as never)));
        expect(found.map(({ value }) => value)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('may be longer than all before it', async () => {
    const rows = Array.from({ length: 20_000 }, (_, n) => `${n} ${'é'.repeat(n % 90)}`);
    const { rows: found } = await client.query<{ value: string[] }>('SELECT $1::text[] AS value', [
      columns.texts(rows, identity),
    ]);
    expect(found[0]?.value).toEqual(rows);
  });
});
