import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LedgerClient } from '@ledger/client';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { LedgerctlShell } from '../harness/ledgerctl-shell';

let ledger: LedgerUnderTest;
let client: LedgerClient;
let shell: LedgerctlShell;

beforeAll(async () => {
  ledger = await startLedger(1);
  client = ledger.client();
  shell = await LedgerctlShell.open(ledger.servers[0]!.address);
});
afterAll(async () => {
  await shell.dispose();
  await ledger.dispose();
});

const at = (name: string): string => join(shell.home, name);
const give = async (name: string, ...lines: string[]): Promise<void> => {
  await writeFile(at(name), `${lines.join('\n')}\n`);
};
const balanceOf = async (userId: string, asset = 'USD/2'): Promise<bigint> =>
  (await client.getBalance({ userId, asset })).balance.balance;

it('books each row once, and collects the rows that failed in a file that is imported when they are repaired', async () => {
  await give(
    'payday.csv',
    'write,user_id,to_user_id,asset,amount,description,metadata.team',
    ',ann,,USD/2,10.50,"wages, ""November""",red',
    'credit,bob,,USD/2,20,,',
    'transfer,bob,ann,USD/2,0.50,,',
    'purchase,cid,,USD/2,3,,',
    'credit,dan,,USD/2,1.234,,',
    'credit,eve,,GOLD',
  );
  const first = await shell.run('ledgerctl import payday.csv');
  expect(first).toEqual({
    code: 4,
    out:
      'BOOKED  REPLAYED  FAILED  MAY_BE_BOOKED  FAILURES\n' +
      '     3         0       3              0  payday.csv.failures.csv\n',
    err:
      'error: 3 of 6 rows failed\n' +
      '  When their cause is gone, this imports them, and books each once at most:\n' +
      '    ledgerctl import payday.csv.failures.csv\n',
  });
  const failures = (await readFile(at('payday.csv.failures.csv'), 'utf8')).trim().split('\n');
  expect([...failures].sort()).toEqual(
    [
      // The ledger keeps this failure as the answer to payday.csv-5.
      'purchase,cid,,USD/2,3,,,payday.csv-5~2,"purchase: FAILED_PRECONDITION (INSUFFICIENT_FUNDS): account cid USD/2 has 0 available, 300 required"',
      // These were not sent.
      'credit,dan,,USD/2,1.234,,,payday.csv-6,line 6: amount 1.234: USD/2 has 2 decimal places',
      'credit,eve,,GOLD,,,,payday.csv-7,line 7: 4 cells where line 1 has 7',
      'write,user_id,to_user_id,asset,amount,description,metadata.team,request_id,error',
    ].sort(),
  );
  expect(await Promise.all([balanceOf('ann'), balanceOf('bob')])).toEqual([1100n, 1950n]);

  // Again: nothing is booked twice, and the file of failures is not overwritten.
  expect(await shell.run('ledgerctl import payday.csv')).toMatchObject({
    code: 2,
    err: expect.stringContaining('payday.csv.failures.csv is there already'),
  });
  const again = await shell.run('ledgerctl import payday.csv --failures other.csv -o json');
  expect(JSON.parse(again.out)).toMatchObject({ booked: 0, replayed: 3, failed: 3 });
  expect(await readFile(at('other.csv'), 'utf8')).toBe(`${failures.join('\n')}\n`);

  // Repaired, it is imported, also twice.
  await client.credit({ userId: 'cid', asset: 'USD/2', amount: 1000n });
  await rename(at('payday.csv.failures.csv'), at('repaired.csv'));
  const repaired = failures.map((line) => line.replace('1.234', '1.23').replace('GOLD,,', 'GOLD,7,'));
  await give('repaired.csv', ...repaired);
  for (const counts of [
    { booked: 3, replayed: 0, failed: 0 },
    { booked: 0, replayed: 3, failed: 0 },
  ]) {
    const run = await shell.run('ledgerctl import repaired.csv -o json');
    expect(run).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(run.out)).toMatchObject({ ...counts, failures: '' });
  }
  expect(existsSync(at('repaired.csv.failures.csv'))).toBe(false);
  expect(await Promise.all([balanceOf('cid'), balanceOf('dan'), balanceOf('eve', 'GOLD')])).toEqual([
    700n,
    123n,
    7n,
  ]);
  const [{ transactions }] = await Promise.all([client.listTransactions({ userId: 'ann' })]);
  expect(transactions[0]).toMatchObject({ requestId: 'payday.csv-2', description: 'wages, "November"' });
});

it('keeps the request ids of rows that have no answer, so that they are booked once', async () => {
  await give('away.csv', 'user_id,asset,amount', 'fay,GOLD,1', 'gus,GOLD,2');
  const away = await shell.run('ledgerctl import away.csv --address 127.0.0.1:1 --timeout 300ms');
  expect(away).toMatchObject({ code: 6, err: expect.stringContaining('2 of 2 rows failed') });
  const failures = await readFile(at('away.csv.failures.csv'), 'utf8');
  expect(failures).toMatch(
    /^user_id,asset,amount,request_id,error\nfay,GOLD,1,away\.csv-2,.*\ngus,GOLD,2,away\.csv-3,/,
  );
  expect(await shell.run('ledgerctl import away.csv.failures.csv')).toMatchObject({ code: 0 });
  expect(await shell.run('ledgerctl import away.csv --failures none.csv -o csv')).toMatchObject({
    code: 0,
    out: 'booked,replayed,failed,may_be_booked,failures\n0,2,0,0,\n',
  });
  expect(await balanceOf('gus', 'GOLD')).toBe(2n);
});

it.each([
  ['an unknown column', 'user_id,asset,amout', /^error: line 1: column amout is unknown/],
  ['a column twice', 'user_id,asset,asset', /^error: line 1: column asset is there twice/],
  ['no user', 'asset,amount', /^error: line 1: column user_id is missing/],
])('sends nothing when the header has %s', async (_what, header, message) => {
  await give('bad.csv', header, 'hal,GOLD,1');
  expect(await shell.run('ledgerctl import bad.csv')).toEqual({
    code: 2,
    out: '',
    err: expect.stringMatching(message),
  });
});

it('reads standard input under a given request id, and shows a bar on a terminal alone', async () => {
  await give('rows.csv', 'user_id,asset,amount', ...Array.from({ length: 501 }, (_, n) => `ida-${n},GOLD,1`));
  expect(await shell.run('ledgerctl import - < rows.csv')).toMatchObject({ code: 2 });
  const piped = await shell.run('ledgerctl import - --request-id many < rows.csv -o csv');
  expect(piped).toMatchObject({ code: 0, err: '', out: expect.stringContaining('\n501,0,0,0,\n') });
  const shown = await shell.run('ledgerctl import rows.csv --request-id many -o csv', {
    NODE_OPTIONS: '--import=data:text/javascript,process.stderr.isTTY=true',
  });
  expect(shown).toMatchObject({ code: 0, out: expect.stringContaining('\n0,501,0,0,\n') });
  expect(shown.err).toMatch(/^\r\x1b\[K\[#+\.*\] 0 booked, 500 booked before, 0 failed\r\x1b\[K$/);
});
