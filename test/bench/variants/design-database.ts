import 'reflect-metadata';
import { DataSource } from 'typeorm';

/** Callers wait for a connection as long as it takes: an overloaded design is slow, it does not fail. */
const CONNECT_TIMEOUT_MS = 120_000;

/** The pool of a design that is compared with the ledger; commits are durable. */
export async function openDesignDatabase(url: string, name: string, poolSize: number): Promise<DataSource> {
  const source = new DataSource({
    type: 'postgres',
    url,
    applicationName: `bench-${name}`,
    poolSize,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    installExtensions: false,
    extra: { options: '-c synchronous_commit=on', keepAlive: true },
  });
  return source.initialize();
}
