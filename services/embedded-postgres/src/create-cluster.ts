import { randomBytes } from 'node:crypto';
import { chown, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Binaries } from './binaries';
import { CLUSTER_USER, PASSWORD_FILE } from './cluster';
import type { ClusterPlace } from './cluster-place';
import type { Deadline } from './deadline';
import { EmbeddedPostgresError, errorCode } from './embedded-postgres-error';
import type { RunAs } from './run-as';
import { runProgram } from './run-program';
import { createStaging, removeStaging, syncDirectory } from './staging';

/** Makes the cluster beside its place and moves it there as a whole: a start that is killed leaves no half of one. */
export async function createCluster(
  place: ClusterPlace,
  binaries: Binaries,
  deadline: Deadline,
): Promise<void> {
  const staging = await createStaging(place.directory);
  try {
    const cluster = join(staging, 'cluster');
    const passwordFile = join(staging, PASSWORD_FILE);
    await give(staging, place.runAs);
    await writePassword(passwordFile, place.runAs);
    await runInitdb(binaries.initdb, cluster, { passwordFile, runAs: place.runAs, deadline });
    await rename(passwordFile, join(cluster, PASSWORD_FILE));
    await syncDirectory(cluster);
    await rename(cluster, place.directory);
    await syncDirectory(dirname(place.directory));
  } catch (error) {
    // Another server was faster; which of the two may use the cluster is decided at its start.
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
      `initdb could not make the Postgres cluster (${result.ending}): ${result.output}. ` +
        'Remove the cause, or set DATABASE_URL to a Postgres of your own.',
    );
  }
}
