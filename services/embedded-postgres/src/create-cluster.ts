import { randomBytes } from 'node:crypto';
import { chown, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Binaries } from './binaries';
import { CLUSTER_USER, PASSWORD_FILE } from './cluster';
import type { ClusterLocation } from './cluster-location';
import type { Deadline } from './deadline';
import { EmbeddedPostgresError, errorCode } from './embedded-postgres-error';
import type { RunAs } from './run-as';
import { runProgram } from './run-program';
import { createStaging, removeStaging, syncDirectory } from './staging';

/**
 * Creates a cluster in a staging directory and moves it to its location in one step, so that a killed start leaves no
 * incomplete cluster.
 *
 * @throws EmbeddedPostgresError when initdb fails
 */
export async function createCluster(
  location: ClusterLocation,
  binaries: Binaries,
  deadline: Deadline,
): Promise<void> {
  const staging = await createStaging(location.directory);
  try {
    const cluster = join(staging, 'cluster');
    const passwordFile = join(staging, PASSWORD_FILE);
    await give(staging, location.runAs);
    await writePassword(passwordFile, location.runAs);
    await runInitdb(binaries.initdb, cluster, { passwordFile, runAs: location.runAs, deadline });
    await rename(passwordFile, join(cluster, PASSWORD_FILE));
    await syncDirectory(cluster);
    await rename(cluster, location.directory);
    await syncDirectory(dirname(location.directory));
  } catch (error) {
    // Another server created the cluster first. The owner lock decides later which of the two may use it.
    const another = errorCode(error) === 'ENOTEMPTY' || errorCode(error) === 'EEXIST';
    if (!another) throw error;
  } finally {
    await removeStaging(staging);
  }
}

async function writePassword(path: string, runAs: RunAs | undefined): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    // Hexadecimal digits need no escaping in a URL.
    await file.writeFile(`${randomBytes(24).toString('hex')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await give(path, runAs);
}

async function give(path: string, runAs: RunAs | undefined): Promise<void> {
  if (runAs) await chown(path, runAs.uid, runAs.gid);
}

interface InitdbOptions {
  readonly passwordFile: string;
  readonly runAs: RunAs | undefined;
  readonly deadline: Deadline;
}

async function runInitdb(initdb: string, cluster: string, options: InitdbOptions): Promise<void> {
  const result = await runProgram(
    initdb,
    [
      `--pgdata=${cluster}`,
      `--username=${CLUSTER_USER}`,
      `--pwfile=${options.passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-instructions',
    ],
    { runAs: options.runAs, timeoutMs: options.deadline.remainingMs },
  );
  if (!result.succeeded) {
    throw new EmbeddedPostgresError(
      `initdb could not create the Postgres cluster (${result.ending}): ${result.output}. ` +
        'Remove the cause, or set DATABASE_URL to a Postgres of your own.',
    );
  }
}
