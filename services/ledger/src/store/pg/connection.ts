import type { EventEmitter } from 'node:events';
import type { Query, QueryArrayConfig } from 'pg';
import { rowTypes } from '@ledger/kit/postgres/row-types';
import { sortedMetadata, type Metadata } from '../../ledger/transaction';

/** What a statement needs of a pg client; the raw client under a TypeORM QueryRunner is one. */
export interface Connection {
  query(config: QueryArrayConfig<unknown[]>): Promise<{ rows: unknown[][] }>;
}

/** The same with its protocol's side, whose writes can be held back, and with word of each statement. */
export interface PipelinedConnection extends Connection {
  query(config: QueryArrayConfig<unknown[]>): Promise<{ rows: unknown[][] }>;
  /** Sends what is a query already, which takes its answers itself. */
  query(query: Query): unknown;
  readonly connection: { readonly stream: { cork(): void; uncork(): void } };
  once(event: typeof STATEMENT, listener: () => void): unknown;
}

/** The event of a connection that has been given a statement. */
const STATEMENT = 'statement';

/** Has a connection tell of each statement that it is given. */
export function announceStatements(connection: Connection & EventEmitter): void {
  const query = connection.query.bind(connection);
  connection.query = (...args) => {
    const answer = query(...args);
    connection.emit(STATEMENT);
    return answer;
  };
}

/** Resolves when the connection has been given one more statement: what is sent from then on comes behind it. */
export function nextStatement(connection: PipelinedConnection): Promise<void> {
  return new Promise((resolve) => {
    connection.once(STATEMENT, resolve);
  });
}

/**
 * Sends what `handOver` hands to the connection with one system call: written one by one each statement wakes the
 * database up, which on a busy machine costs more than what is written.
 *
 * @param handOver gives promises of answers back in an object: by itself a promise would be waited for before
 *   anything is sent
 */
export async function sendTogether<T extends object>(
  { connection: { stream } }: PipelinedConnection,
  handOver: () => Promise<T>,
): Promise<T> {
  stream.cork();
  try {
    return await handOver();
  } finally {
    stream.uncork();
  }
}

/** One SQL statement. The name makes it a prepared one: planned once per connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

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

/** Runs a statement for what it does. What cannot be sent throws at once: nothing may be sent behind it. */
export function execute(connection: Connection, statement: Statement, values: unknown[]): Promise<void> {
  const done = connection
    .query({ ...statement, values, rowMode: 'array', types: rowTypes })
    .then(() => undefined);
  // Told to whoever waits for it; nobody does when a statement after this one could not be sent.
  done.catch(() => undefined);
  return done;
}

/**
 * What follows an UPDATE in a CTE of the name `updated`: fails unless it wrote a row for each key. COMMIT travels
 * behind the writes, so the statement itself has to see to that.
 *
 * @param keys one of the parameters that are columns of the keys, with its type
 */
export function unlessEachRow(keys: string): string {
  const count = `cardinality(${keys})`;
  return `
    SELECT CASE WHEN count(*) = ${count} THEN 0
                ELSE (count(*) || ' of ' || ${count} || ' rows were there to be updated')::int END
      FROM updated`;
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

/** 2000-01-01, from which Postgres counts, in microseconds since 1970. */
export const POSTGRES_EPOCH = 946_684_800_000_000n;

/** SQL for a timestamptz column as the eight bytes that it is, at a fifth of what the arithmetic below takes. */
export function timeSent(column: string): string {
  return `timestamptz_send(${column})`;
}

/** What `timeSent` gave, in microseconds since 1970. */
export function sentTime(bytes: Buffer): bigint {
  return bytes.readBigInt64BE() + POSTGRES_EPOCH;
}

/** SQL for a timestamptz column as microseconds since 1970, exactly. */
export function microsOf(column: string): string {
  return `(extract(epoch FROM ${column}) * 1000000)::bigint`;
}
