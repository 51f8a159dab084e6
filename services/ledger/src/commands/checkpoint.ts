import type { KeyObject } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ConfigError, parseConfig } from '../config';
import { Store } from '../store/store';
import {
  CheckpointError,
  checkpointText,
  isSigned,
  parseCheckpoint,
  privateKeyOf,
  publicKeyOf,
  signRoot,
} from '../verify/checkpoint';
import type { LedgerReader } from '../verify/ledger-reader';
import { rootAt, settledTime, WritersBusy } from '../verify/ledger-root';

/** Stable: scripts may rely on them. */
const EXIT_DIFFERS = 1;
const EXIT_USAGE = 2;
const EXIT_FAILED = 3;

const USAGE = `usage: checkpoint create [--key FILE.pem] [--out FILE]
       checkpoint check [--public-key FILE.pem] FILE
Works on the database of DATABASE_URL, beside running servers. The Ed25519 key comes from a file, or from
LEDGER_CHECKPOINT_KEY as PEM. Make one with: openssl genpkey -algorithm ed25519 -out key.pem`;

/** What a command reads and writes besides its arguments; the process itself is one. */
export interface CommandSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** Takes a checkpoint of the ledger, or checks one. Returns the exit code; 1 means that the ledger differs. */
export async function checkpointCommand(args: string[], surroundings: CommandSurroundings): Promise<number> {
  try {
    const { positionals, values } = readArguments(args);
    const [command, file, ...rest] = positionals;
    if (command === 'create' && file === undefined) {
      return await create(privateKeyOf(pemOf(values.key, surroundings)), values.out, surroundings);
    }
    if (command === 'check' && file !== undefined && rest.length === 0) {
      return await check(publicKeyOf(pemOf(values['public-key'], surroundings)), file, surroundings);
    }
    throw new ConfigError(USAGE);
  } catch (error) {
    surroundings.stderr.write(`checkpoint: ${describe(error)}\n`);
    return error instanceof ConfigError || error instanceof CheckpointError ? EXIT_USAGE : EXIT_FAILED;
  }
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
  { env, stdout, stderr }: CommandSurroundings,
): Promise<number> {
  const root = await onDatabase(env, async (read) => rootAt(read, await settledTime(read)));
  const text = checkpointText(signRoot(root, privateKey));
  if (out === undefined) stdout.write(text);
  // An older checkpoint is never overwritten: it may be the one that proves something.
  else writeFileSync(out, text, { flag: 'wx' });
  stderr.write(`checkpoint of ${root.accounts} accounts and ${root.entries} entries\n`);
  return 0;
}

async function check(
  publicKey: KeyObject,
  file: string,
  { env, stderr }: CommandSurroundings,
): Promise<number> {
  const checkpoint = parseCheckpoint(readFileSync(file, 'utf8'));
  if (!isSigned(checkpoint, publicKey)) {
    stderr.write('the checkpoint was altered, or signed with another key\n');
    return EXIT_DIFFERS;
  }
  const now = await onDatabase(env, (read) => rootAt(read, checkpoint.time));
  if (now.root.equals(checkpoint.root)) {
    stderr.write(
      `the last entries of ${now.accounts} accounts are as signed; ` +
        'with the chains whole (npm run verify) so are all before them\n',
    );
    return 0;
  }
  stderr.write(
    `the ledger is not as signed: ${checkpoint.accounts} accounts and ${checkpoint.entries} entries then, ` +
      `${now.accounts} and ${now.entries} up to the same time now, root ${now.root.toString('hex')}\n`,
  );
  return EXIT_DIFFERS;
}

async function onDatabase<T>(
  env: CommandSurroundings['env'],
  work: (read: LedgerReader) => Promise<T>,
): Promise<T> {
  const { databaseUrl: url, batchTimeoutMs, readTimeoutMs } = parseConfig(env);
  if (url === null) throw new ConfigError('checkpoint needs DATABASE_URL');
  const store = await Store.open({ url, writers: 1, readers: 1, batchTimeoutMs, readTimeoutMs });
  try {
    return await work((piece) => store.read(piece));
  } finally {
    await store.close();
  }
}

function pemOf(file: string | undefined, { env }: CommandSurroundings): string {
  if (file !== undefined) return readFileSync(file, 'utf8');
  const pem = env['LEDGER_CHECKPOINT_KEY'];
  if (pem === undefined || pem === '') throw new ConfigError(USAGE);
  return pem;
}

function describe(error: unknown): string {
  const known = [ConfigError, CheckpointError, WritersBusy];
  if (known.some((type) => error instanceof type) && error instanceof Error) return error.message;
  return error instanceof Error && 'code' in error ? error.message || String(error.code) : String(error);
}

if (require.main === module) {
  void checkpointCommand(process.argv.slice(2), process).then((code) => process.exit(code));
}
