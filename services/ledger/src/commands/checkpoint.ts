import type { KeyObject } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ConfigError } from '@ledger/kit/server/environment';
import { EXIT_CODES, type ExitCode } from '@ledger/kit/server/exit-code';
import { StartError } from '@ledger/kit/server/start-error';
import { parseConfig } from '../config';
import type { Placement } from '../ledger/placement';
import { ReadPool } from '../store/read-pool';
import { serverRole } from '../store/roles';
import {
  CheckpointError,
  checkpointText,
  isSigned,
  parseCheckpoint,
  privateKeyOf,
  publicKeyOf,
  signRoot,
} from '../verify/checkpoint';
import { readPlacement } from '../store/statements/read-placement';
import type { LedgerReader } from '../verify/ledger-reader';
import { finalTime, WritersBusy } from '../verify/final-time';
import { rootAt } from '../verify/ledger-root';
import type { CommandContext } from './command';

const USAGE = `usage: ledger-server checkpoint create [--key FILE.pem] [--out FILE]
       ledger-server checkpoint check [--public-key FILE.pem] FILE
Works on the database of DATABASE_URL, beside running servers. The Ed25519 key comes from a file, or from
LEDGER_CHECKPOINT_KEY as PEM. Make a pair with:
  openssl genpkey -algorithm ed25519 -out key.pem
  openssl pkey -in key.pem -pubout -out public.pem`;

/** Takes a checkpoint of the ledger, or checks one: exit code 1 when the ledger differs, or when that is not known. */
export async function checkpointCommand(args: readonly string[], context: CommandContext): Promise<ExitCode> {
  const { positionals, values } = readArguments([...args]);
  const [command, file, ...rest] = positionals;
  try {
    if (command === 'create' && file === undefined) {
      return await create(privateKeyOf(pemOf(values.key, context)), values.out, context);
    }
    if (command === 'check' && file !== undefined && rest.length === 0) {
      return await check(publicKeyOf(pemOf(values['public-key'], context)), file, context);
    }
  } catch (error) {
    if (error instanceof CheckpointError) throw new ConfigError(error.message, { cause: error });
    if (error instanceof WritersBusy || isFileError(error))
      throw new StartError(error.message, { cause: error });
    throw error;
  }
  throw new ConfigError(USAGE);
}

function readArguments(args: string[]) {
  const options = {
    key: { type: 'string' },
    out: { type: 'string' },
    'public-key': { type: 'string' },
  } as const;
  try {
    return parseArgs({ args, allowPositionals: true, options });
  } catch (error) {
    throw new ConfigError(USAGE, { cause: error });
  }
}

async function create(
  privateKey: KeyObject,
  out: string | undefined,
  { env, stdout, stderr }: CommandContext,
): Promise<ExitCode> {
  const root = await onDatabase(env, async (read, placement) =>
    rootAt(read, placement, await finalTime(read)),
  );
  const text = checkpointText(signRoot(root, privateKey));
  if (out === undefined) stdout.write(text);
  // An older checkpoint is never overwritten: it may be the one that proves something.
  else writeFileSync(out, text, { flag: 'wx' });
  stderr.write(`checkpoint of ${root.accounts} accounts and ${root.entries} entries\n`);
  return EXIT_CODES.ok;
}

async function check(publicKey: KeyObject, file: string, { env, stderr }: CommandContext): Promise<ExitCode> {
  const checkpoint = parseCheckpoint(readFileSync(file, 'utf8'));
  if (!isSigned(checkpoint, publicKey)) {
    stderr.write('the checkpoint was altered, or signed with another key\n');
    return EXIT_CODES.failed;
  }
  const now = await onDatabase(env, (read, placement) => rootAt(read, placement, checkpoint.time));
  if (now.root.equals(checkpoint.root)) {
    stderr.write(
      `the last entries of ${now.accounts} accounts, requests, holds and items match the checkpoint; ` +
        'run npm run verify to check the entries before them\n',
    );
    return EXIT_CODES.ok;
  }
  stderr.write(
    `the ledger does not match the checkpoint: ${checkpoint.accounts} accounts and ${checkpoint.entries} entries then, ` +
      `${now.accounts} and ${now.entries} up to the same time now, root ${now.root.toString('hex')}\n`,
  );
  return EXIT_CODES.failed;
}

async function onDatabase<T>(
  env: CommandContext['env'],
  work: (read: LedgerReader, placement: Placement) => Promise<T>,
): Promise<T> {
  const { databaseUrl: url, readTimeoutMs, readQueueMax: queueMax } = parseConfig(env);
  if (url === null) throw new ConfigError('checkpoint needs DATABASE_URL');
  const { role } = await serverRole(url);
  const reader = await ReadPool.open({
    ...{ url, role, applicationName: 'ledger-checkpoint', connections: 1 },
    ...{ queueMax, readTimeoutMs, attemptMs: readTimeoutMs },
  });
  try {
    const read: LedgerReader = (piece) => reader.read(piece, Infinity);
    return await work(read, await read(readPlacement));
  } finally {
    await reader.close();
  }
}

function pemOf(file: string | undefined, { env }: CommandContext): string {
  if (file !== undefined) return readFileSync(file, 'utf8');
  const pem = env['LEDGER_CHECKPOINT_KEY'];
  if (pem === undefined || pem === '') throw new ConfigError(USAGE);
  return pem;
}

function isFileError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && 'path' in error;
}
