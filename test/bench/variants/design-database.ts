import 'reflect-metadata';
import { DataSource } from 'typeorm';

/** Long, so that callers of an overloaded design wait for a connection instead of failing. */
const CONNECT_TIMEOUT_MS = 120_000;

/** The connection pool of a design that is compared with the ledger. Its commits are durable. */
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
