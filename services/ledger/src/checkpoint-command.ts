import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ConfigError, parseConfig } from './config';
import { Store } from './store/store';
import {
  CheckpointError,
  checkpointText,
  isSigned,
  parseCheckpoint,
  privateKeyOf,
  publicKeyOf,
  signRoot,
} from './verify/checkpoint';
import type { LedgerReader } from './verify/ledger-reader';
import { rootAt, settledTime, WritersBusy } from './verify/ledger-root';

/** Stable: scripts may rely on them. */
const EXIT_DIFFERS = 1;
const EXIT_USAGE = 2;
const EXIT_FAILED = 3;

const USAGE = `usage: checkpoint create [--key FILE.pem] [--out FILE]
       checkpoint check [--public-key FILE.pem] FILE
Works on the database of DATABASE_URL, beside running servers. The Ed25519 key comes from a file, or from
LEDGER_CHECKPOINT_KEY as PEM. Make one with: openssl genpkey -algorithm ed25519 -out key.pem`;

async function main(): Promise<number> {
  const { positionals, values } = readArguments();
  const [command, file, ...rest] = positionals;
  if (command === 'create' && file === undefined) {
    return create(privateKeyOf(pemOf(values.key)), values.out);
  }
  if (command === 'check' && file !== undefined && rest.length === 0) {
    return check(publicKeyOf(pemOf(values['public-key'])), file);
  }
  throw new ConfigError(USAGE);
}

function readArguments() {
  const options = { key: { type: 'string' }, out: { type: 'string' }, 'public-key': { type: 'string' } } as const;
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    throw new ConfigError(USAGE, { cause: error });
  }
}

async function create(privateKey: ReturnType<typeof privateKeyOf>, out: string | undefined): Promise<number> {
  const root = await onDatabase(async (read) => rootAt(read, await settledTime(read)));
  const text = checkpointText(signRoot(root, privateKey));
  if (out === undefined) process.stdout.write(text);
  // An older checkpoint is never overwritten: it may be the one that proves something.
  else writeFileSync(out, text, { flag: 'wx' });
  process.stderr.write(`checkpoint of ${root.accounts} accounts and ${root.entries} entries\n`);
  return 0;
}

async function check(publicKey: ReturnType<typeof publicKeyOf>, file: string): Promise<number> {
  const checkpoint = parseCheckpoint(readFileSync(file, 'utf8'));
  if (!isSigned(checkpoint, publicKey)) {
    process.stderr.write('the checkpoint was altered, or signed with another key\n');
    return EXIT_DIFFERS;
  }
  const now = await onDatabase((read) => rootAt(read, checkpoint.time));
  if (now.root.equals(checkpoint.root)) {
    process.stderr.write(
      `the last entries of ${now.accounts} accounts are as signed; ` +
        'with the chains whole (npm run verify) so are all before them\n',
    );
    return 0;
  }
  process.stderr.write(
    `the ledger is not as signed: ${checkpoint.accounts} accounts and ${checkpoint.entries} entries then, ` +
      `${now.accounts} and ${now.entries} up to the same time now, root ${now.root.toString('hex')}\n`,
  );
  return EXIT_DIFFERS;
}

async function onDatabase<T>(work: (read: LedgerReader) => Promise<T>): Promise<T> {
  const { databaseUrl: url, batchTimeoutMs, readTimeoutMs } = parseConfig(process.env);
  if (url === null) throw new ConfigError('checkpoint needs DATABASE_URL');
  const store = await Store.open({ url, writers: 1, readers: 1, batchTimeoutMs, readTimeoutMs });
  try {
    return await work((piece) => store.read(piece));
  } finally {
    await store.close();
  }
}

function pemOf(file: string | undefined): string {
  if (file !== undefined) return readFileSync(file, 'utf8');
  const pem = process.env['LEDGER_CHECKPOINT_KEY'];
  if (pem === undefined || pem === '') throw new ConfigError(USAGE);
  return pem;
}

function describe(error: unknown): string {
  const known = [ConfigError, CheckpointError, WritersBusy];
  if (known.some((type) => error instanceof type) && error instanceof Error) return error.message;
  return error instanceof Error && 'code' in error ? `${error.message || String(error.code)}` : String(error);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`checkpoint: ${describe(error)}\n`);
    process.exit(error instanceof ConfigError || error instanceof CheckpointError ? EXIT_USAGE : EXIT_FAILED);
  },
);
