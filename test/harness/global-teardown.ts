import { rm } from 'node:fs/promises';

/** Ends the Postgres of the tests and removes its data. */
export default async function globalTeardown(): Promise<void> {
  const cluster = globalThis.testCluster;
  if (cluster === undefined) return;
  await cluster.postgres.stop();
  await rm(cluster.directory, { recursive: true, force: true });
}
