import { types, type CustomTypesConfig, type QueryArrayConfig } from 'pg';
import { sortedMetadata, type Metadata } from '../ledger/transaction';

/** What a statement needs of a pg client; the raw client under a TypeORM QueryRunner is one. */
export interface Connection {
  query(config: QueryArrayConfig<unknown[]>): Promise<{ rows: unknown[][]; rowCount: number | null }>;
}

/** The same with its protocol's side, whose writes can be held back. */
export interface PipelinedConnection extends Connection {
  readonly connection: { readonly stream: { cork(): void; uncork(): void } };
}

/**
 * Sends the statements that `start` starts with one system call: written one by one each wakes the database up,
 * which on a busy machine costs more than what is written.
 */
export function sendTogether<T>({ connection: { stream } }: PipelinedConnection, start: () => T): T {
  stream.cork();
  try {
    return start();
  } finally {
    stream.uncork();
  }
}

/** One SQL statement. The name makes it a prepared one: planned once per connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

const INT8_OID = 20;

// Amounts are bigint from wire to disk; pg gives int8 as text otherwise.
const rowTypes: CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary'): unknown =>
    oid === INT8_OID ? (text: string) => BigInt(text) : types.getTypeParser(oid, format),
};

/** Runs a statement; rows come as tuples in the order of its columns, int8 as bigint. */
export async function query<Row extends readonly unknown[]>(
  connection: Connection,
  statement: Statement,
  values: unknown[],
): Promise<Row[]> {
  const result = await connection.query({ ...statement, values, rowMode: 'array', types: rowTypes });
  // The statement's text fixes its columns; each call names their types beside it.
  return result.rows as unknown as Row[];
}

/** Runs a statement and tells how many rows it wrote. */
export async function execute(
  connection: Connection,
  statement: Statement,
  values: unknown[],
): Promise<number> {
  const result = await connection.query({ ...statement, values, rowMode: 'array', types: rowTypes });
  return result.rowCount ?? 0;
}

/** Microseconds since 1970 as a timestamptz literal. A Date would lose the microseconds. */
export function timestampText(micros: bigint): string {
  const millis = Number(micros >= 0n ? micros / 1000n : (micros - 999n) / 1000n);
  const rest = Number(micros - BigInt(millis) * 1000n);
  return `${new Date(millis).toISOString().slice(0, -1)}${rest.toString().padStart(3, '0')}Z`;
}

/** A time, or null for 0, which stands for never. */
export function timeOrNull(micros: bigint | null): bigint | null {
  return micros === 0n ? null : micros;
}

/** Pairs as a JSON object. */
export function metadataJson(metadata: Metadata): string {
  return metadata.length === 0 ? '{}' : JSON.stringify(Object.fromEntries(metadata));
}

/** Pairs from a JSON object. */
export function metadataOf(json: Readonly<Record<string, string>>): Metadata {
  return sortedMetadata(new Map(Object.entries(json)));
}

/** SQL for a timestamptz column as microseconds since 1970, exactly. */
export function microsOf(column: string): string {
  return `(extract(epoch FROM ${column}) * 1000000)::bigint`;
}
