import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { verifyCommand } from '../../clients/ledgerctl/src/verify-command';
import { checkpointCommand } from '../../services/ledger/src/commands/checkpoint';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { reseal, tamper } from '../harness/tampering';

let ledger: LedgerUnderTest;
let directory: string;
let address: string;

beforeAll(async () => {
  ledger = await startLedger(1);
  address = ledger.servers[0]!.address;
  directory = await mkdtemp(join(tmpdir(), 'ledger-checkpoint-'));
  const credit = { userId: 'ada', asset: 'GOLD', amount: 1n };
  await ledger.client().credit(credit);
  await ledger.client().credit(credit);
});
afterAll(async () => {
  await ledger.dispose();
  await rm(directory, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function ended(
  command: (stdout: Sink, stderr: Sink) => Promise<number>,
  terminal: Partial<Sink> = {},
): Promise<Ended> {
  const [stdout, stderr] = [new Sink(), Object.assign(new Sink(), terminal)];
  const code = await command(stdout, stderr);
  return { code, out: stdout.text, err: stderr.text };
}

class Sink {
  text = '';
  isTTY = false;

  write(text: string): void {
    this.text += text;
  }
}

function verify(...args: string[]): Promise<Ended> {
  return ended((stdout, stderr) => verifyCommand(['--address', address, ...args], { stdout, stderr }));
}

function checkpoint(args: string[], key?: string): Promise<Ended> {
  const env = { DATABASE_URL: ledger.database.url, LEDGER_CHECKPOINT_KEY: key };
  return ended((stdout, stderr) => checkpointCommand(args, { env, stdout, stderr }));
}

test('verify ends with 0 when all is well, and with 1 and a line for each violation otherwise', async () => {
  const well = await verify();
  expect(well).toMatchObject({ code: 0, out: '' });
  expect(well.err).toBe('0 of 2 accounts, 0 entries\n2 accounts and 4 entries checked: all rules hold\n');

  await tamper(ledger.database, `UPDATE ledger.accounts SET balance = 7 WHERE user_id = 'ada'`);
  const bad = await verify('--user', 'ada');
  await tamper(ledger.database, `UPDATE ledger.accounts SET balance = 2 WHERE user_id = 'ada'`);
  expect(bad.code).toBe(1);
  expect(bad.out).toBe(
    `rule 2: "ada" "GOLD" stripe 0 sequence 2: the account's balance is 7, its entries sum to 2\n`,
  );
});

test('verify draws a bar on a terminal', async () => {
  const { err } = await ended((stdout, stderr) => verifyCommand(['--address', address], { stdout, stderr }), {
    isTTY: true,
  });
  expect(err).toMatch(/^\r\x1b\[K\[\.{30}\] 0 of 2 accounts, 0 entries/);
  expect(err).toMatch(/\r\x1b\[K2 accounts and 4 entries checked: all rules hold\n$/);
});

test('verify tells a wrong use and a failure from a violation', async () => {
  expect(await verify('--usr', 'ada')).toMatchObject({
    code: 2,
    err: expect.stringContaining('usage: verify'),
  });
  const failed = await verify('--user', 'no one');
  expect(failed).toMatchObject({ code: 3, err: expect.stringContaining('INVALID_FIELD') });
});

test.each([
  ['verify', 'clients/ledgerctl/src/verify-command.ts'],
  ['checkpoint', 'services/ledger/src/checkpoint-command.ts'],
])('%s is a program', async (name, script) => {
  const loader = pathToFileURL(require.resolve('tsx')).href;
  const args = ['--import', loader, join(__dirname, '../..', script), '--nonsense'];
  const child = spawn(process.execPath, args);
  const [err, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect(code).toBe(2);
  expect(err).toContain(`usage: ${name}`);
});

test('checkpoint creates a file that later shows a rewritten ledger', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const [keyFile, publicFile, file] = ['key.pem', 'public.pem', 'first.json'].map((name) =>
    join(directory, name),
  );
  await writeFile(keyFile!, pem);
  await writeFile(publicFile!, publicKey.export({ type: 'spki', format: 'pem' }).toString());
  const other = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();

  const create = ['create', '--key', keyFile!, '--out', file!];
  const check = ['check', '--public-key', publicFile!, file!];
  const created = await checkpoint(create);
  expect(created).toMatchObject({ code: 0, out: '', err: 'checkpoint of 2 accounts and 4 entries\n' });
  const content = await readFile(file!, 'utf8');
  expect(await checkpoint(create)).toMatchObject({ code: 3, err: expect.stringContaining('EEXIST') });
  expect(await readFile(file!, 'utf8')).toBe(content);
  expect(await checkpoint(['create'], pem)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^\{.*\}\n$/),
  });
  expect(await checkpoint(check)).toMatchObject({ code: 0, err: expect.stringContaining('are as signed') });
  const otherKey = await checkpoint(['check', file!], other);
  expect(otherKey).toMatchObject({ code: 1, err: expect.stringContaining('another key') });
  const noKey = await checkpoint(['check', file!]);
  expect(noKey).toMatchObject({ code: 2, err: expect.stringContaining('usage: checkpoint') });

  await tamper(ledger.database, `UPDATE ledger.transactions SET description = 'wages'`);
  await reseal(ledger.database, { users: () => true, digests: true });
  expect(await verify()).toMatchObject({ code: 0 });
  expect(await checkpoint(check)).toMatchObject({
    code: 1,
    err: expect.stringContaining('is not as signed'),
  });
});
