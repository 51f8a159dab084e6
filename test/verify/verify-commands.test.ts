import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { exitCodeOf } from '@ledger/kit/server/program';
import { checkpointCommand } from '../../services/ledger/src/commands/checkpoint';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { type Ended, LedgerctlShell } from '../harness/ledgerctl-shell';
import { reseal, tamper } from '../harness/tampering';

let ledger: LedgerUnderTest;
let directory: string;
let shell: LedgerctlShell;

beforeAll(async () => {
  ledger = await startLedger(1);
  shell = await LedgerctlShell.open(ledger.servers[0]!.address);
  directory = await mkdtemp(join(tmpdir(), 'ledger-checkpoint-'));
  const credit = { userId: 'ada', asset: 'GOLD', amount: 1n };
  await ledger.client().credit(credit);
  await ledger.client().credit(credit);
});
afterAll(async () => {
  await shell.dispose();
  await ledger.dispose();
  await rm(directory, { recursive: true, force: true });
});

async function ended(command: (stdout: Sink, stderr: Sink) => Promise<number>): Promise<Ended> {
  const [stdout, stderr] = [new Sink(), new Sink()];
  const code = await command(stdout, stderr);
  return { code, out: stdout.text, err: stderr.text };
}

class Sink {
  text = '';

  write(text: string): void {
    this.text += text;
  }
}

/** What `npm run verify` runs, with standard error as a terminal on request. */
function verify(args = '', terminal = false): Promise<Ended> {
  const loader = '--import=data:text/javascript,process.stderr.isTTY=true;process.stderr.columns=80';
  return shell.run(`ledgerctl verify ${args}`, terminal ? { NODE_OPTIONS: loader } : {});
}

function checkpoint(args: string[], key?: string): Promise<Ended> {
  const env = { DATABASE_URL: ledger.database.url, LEDGER_CHECKPOINT_KEY: key };
  return ended((stdout, stderr) =>
    exitCodeOf('ledger', () => checkpointCommand(args, { env, stdout, stderr }), { stderr }),
  );
}

test('verify ends with 0 when all rules hold, and with 7 and a line for each violation otherwise', async () => {
  const valid = await verify();
  expect(valid).toEqual({
    code: 0,
    out: '',
    err: '0 of 2 accounts, 0 entries\n2 accounts and 4 entries checked: all rules hold\n',
  });

  await tamper(ledger.database, `UPDATE ledger.accounts SET balance = 7 WHERE user_id = 'ada'`);
  const invalid = await verify('--user ada -o csv');
  await tamper(ledger.database, `UPDATE ledger.accounts SET balance = 2 WHERE user_id = 'ada'`);
  expect(invalid.code).toBe(7);
  expect(invalid.out).toBe(
    'rule,user_id,asset,stripe,sequence,transaction_id,detail\n' +
      `2,ada,GOLD,0,2,,"the account's balance is 7, its entries sum to 2"\n`,
  );
});

test('verify draws a bar on a terminal', async () => {
  const { err } = await verify('', true);
  expect(err).toMatch(/^\r\x1b\[K\[\.{30}\] 0 of 2 accounts, 0 entries/);
  expect(err).toMatch(/\r\x1b\[K2 accounts and 4 entries checked: all rules hold\n$/);
});

test('verify has one exit code for wrong usage and malformed values, and another one for violations', async () => {
  expect(await verify('--usr ada')).toMatchObject({ code: 2, out: '' });
  expect(await verify("--user 'no one'")).toMatchObject({
    code: 2,
    err: expect.stringContaining('INVALID_FIELD'),
  });
});

test('ledger-server checkpoint is a program', async () => {
  const loader = pathToFileURL(require.resolve('tsx')).href;
  const script = join(__dirname, '../../services/ledger/src/main.ts');
  const child = spawn(process.execPath, ['--import', loader, script, 'checkpoint', '--nonsense']);
  const [err, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect(code).toBe(2);
  expect(err).toContain('usage: ledger-server checkpoint');
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
  expect(await checkpoint(create)).toMatchObject({ code: 1, err: expect.stringContaining('EEXIST') });
  expect(await readFile(file!, 'utf8')).toBe(content);
  expect(await checkpoint(['create'], pem)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^\{.*\}\n$/),
  });
  expect(await checkpoint(check)).toMatchObject({
    code: 0,
    err: expect.stringContaining('match the checkpoint'),
  });
  const otherKey = await checkpoint(['check', file!], other);
  expect(otherKey).toMatchObject({ code: 1, err: expect.stringContaining('another key') });
  const noKey = await checkpoint(['check', file!]);
  expect(noKey).toMatchObject({ code: 2, err: expect.stringContaining('usage: ledger-server checkpoint') });

  await tamper(ledger.database, `UPDATE ledger.transactions SET description = 'wages'`);
  await reseal(ledger.database, { users: () => true, digests: true });
  // What the requests have stored shows it, too.
  expect(await verify()).toMatchObject({ code: 7 });
  expect(await checkpoint(check)).toMatchObject({
    code: 1,
    err: expect.stringContaining('does not match the checkpoint'),
  });
});
