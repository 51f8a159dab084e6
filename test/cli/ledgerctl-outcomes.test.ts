/** @paused: also run by `npm run test:paused`. */
import type { LedgerClient } from '@ledger/client';
import { lockAccount, type AccountLock } from '../harness/account-lock';
import { expireWhile } from '../harness/expire-while';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { type Ended, LedgerctlShell } from '../harness/ledgerctl-shell';
import { tamper } from '../harness/tampering';
import { waitUntil } from '../harness/wait-until';

const NOBODY = '00000000-0000-7000-8000-000000000000';
/** Nothing listens at this port. */
const UNREACHABLE = '127.0.0.1:1';

let ledger: LedgerUnderTest;
let client: LedgerClient;
let shell: LedgerctlShell;
let address: string;

beforeAll(async () => {
  ledger = await startLedger(1);
  client = ledger.client();
  address = ledger.servers[0]!.address;
  shell = await LedgerctlShell.open(address);
  await client.credit({ requestId: 'used', userId: 'ada', asset: 'GOLD', amount: 5n });
  await client.updateAccount({ userId: 'ice', asset: 'GOLD', updateMask: ['frozen'], frozen: true });
});
afterAll(async () => {
  await shell.dispose();
  await ledger.dispose();
});

describe('the exit code', () => {
  it.each<[code: number, what: string, line: string, stderr: string | RegExp]>([
    [0, 'when it is done', 'balance ada GOLD', ''],
    [0, 'for a help', 'credit --help', ''],
    [1, 'for any other error', 'context set a b:1', /^error: ENOTDIR/],
    [2, 'for a missing argument', 'balance ada', /^error: missing required argument 'asset'\n/],
    [2, 'for an unknown command', 'credt', /^error: unknown command 'credt'\n\(Did you mean credit\?\)\n/],
    [2, 'without a command', '', /^Usage: ledgerctl/],
    [
      2,
      'for an amount that is not exact',
      'credit ada USD/2 1.505',
      /^error: amount 1\.505: USD\/2 has 2 decimal places/,
    ],
    [
      2,
      'for an empty request id',
      "credit ada GOLD 1 --request-id ''",
      "argument '' is invalid. It is empty.",
    ],
    [
      2,
      'for a value that the ledger finds malformed',
      'credit ada gold 1',
      /^request id: .*\nerror: credit: INVALID_ARGUMENT \(INVALID_FIELD\): asset must/,
    ],
    [2, 'for an unknown context', 'balance ada GOLD --context x', /^error: no context x: there is none yet;/],
    [3, 'for a transaction that does not exist', `transaction ${NOBODY}`, '(TRANSACTION_NOT_FOUND)'],
    [3, 'for an item that does not exist', 'item get nothing', 'See what there is with: ledgerctl item list'],
    [4, 'for insufficient funds', 'purchase ada --asset GOLD --amount 6', 'account get ada GOLD'],
    [4, 'for a frozen account', 'hold place ice GOLD 1', 'ledgerctl account set ice GOLD --no-frozen'],
    [
      5,
      'for a request id that was used for another request',
      'credit ada GOLD 6 --request-id used',
      'request ada used',
    ],
    [5, 'for a stale version', 'item put blt BLT GOLD 2 --expected-version 7', 'Expected 7, it is 0 by now'],
    [
      6,
      'when nothing answers',
      `balance ada GOLD --address ${UNREACHABLE} --timeout 300ms`,
      'Is the ledger running',
    ],
    [
      6,
      'for a write that found no connection, of which nothing was booked',
      `credit ada GOLD 1 --address ${UNREACHABLE} --timeout 300ms --request-id unsent`,
      /^error: .*\n.*\n {2}Nothing was booked\.\n {2}This sends it again, .*\n.* --timeout 300ms .* unsent/s,
    ],
  ])('is %i %s', async (code, _what, line, stderr) => {
    const ended = await shell.run(`ledgerctl ${line}`, code === 1 ? { XDG_CONFIG_HOME: '/dev/null' } : {});
    expect(ended.code).toBe(code);
    if (stderr === '') expect(ended.err).toBe('');
    else
      expect(ended.err).toEqual(
        typeof stderr === 'string' ? expect.stringContaining(stderr) : expect.stringMatching(stderr),
      );
    if (code !== 0) expect(ended.out).toBe('');
  });

  it('is 7 when verify finds violations, which are printed', async () => {
    await tamper(ledger.database, `UPDATE ledger.accounts SET balance = 7 WHERE user_id = 'ada'`);
    const [table, csv] = await Promise.all([
      shell.run('ledgerctl verify --user ada'),
      shell.run('ledgerctl verify --user ada -o csv'),
    ]);
    await tamper(ledger.database, `UPDATE ledger.accounts SET balance = 5 WHERE user_id = 'ada'`);
    expect(table).toEqual({
      code: 7,
      out:
        'RULE  USER_ID  ASSET  STRIPE  SEQUENCE  TRANSACTION_ID  DETAIL\n' +
        "   2  ada      GOLD        0         1                  the account's balance is 7, its entries sum to 5\n",
      err: '0 of 1 accounts, 0 entries\nerror: 1 accounts and 1 entries checked: 1 violations\n',
    });
    expect(csv.code).toBe(7);
    expect(csv.out).toBe(
      'rule,user_id,asset,stripe,sequence,transaction_id,detail\n' +
        `2,ada,GOLD,0,1,,"the account's balance is 7, its entries sum to 5"\n`,
    );
  });
});

describe('a write without an answer', () => {
  it('ends with 6 and prints the line that sends it again, which books it once', async () => {
    let tries = 0;
    let userId = '';
    let timeout = '';
    const runs: Ended[] = [];
    const lockNewAccount = async (): Promise<AccountLock> => {
      tries += 1;
      userId = `o'hara-${tries}`;
      await client.credit({ userId, asset: 'GOLD', amount: 5n });
      return lockAccount(ledger.database, userId, 'GOLD');
    };
    let lock = await lockNewAccount();
    await expireWhile(
      () => lock.isBlocked(),
      async (timeoutMs) => {
        timeout = `${timeoutMs}ms`;
        runs.push(await shell.run(`ledgerctl credit "${userId}" GOLD 7 --timeout ${timeout}`));
        throw new Error('it has no answer');
      },
      async () => {
        await lock.release();
        lock = await lockNewAccount();
      },
    );
    await lock.release();

    const unknown = runs.at(-1)!;
    const [, requestId = ''] = /^request id: (\S+)\n/.exec(unknown.err) ?? [];
    // Its time ran out, so it gets more.
    const retry = String.raw`ledgerctl credit 'o'\''hara-${tries}' GOLD 7 --timeout ${longer(timeout)} --address ${address} --request-id ${requestId}`;
    expect(unknown).toMatchObject({ code: 6, out: '' });
    expect(unknown.err).toContain(
      `  It may have been booked.\n  This sends it again, and books it once at most:\n    ${retry}\n`,
    );

    const patient = retry.replace(longer(timeout), '600s');
    const first = await shell.run(patient);
    const again = await shell.run(patient);
    expect(first.code).toBe(0);
    expect(again).toEqual({
      code: 0,
      out: first.out,
      err: 'replayed: this is the first answer once more, nothing was booked now\n',
    });
    const { balance } = await client.getBalance({ userId, asset: 'GOLD' });
    expect(balance).toMatchObject({ balance: 12n, sequence: 2n });
  });

  it('that is interrupted ends with 130 and prints the line that sends it again', async () => {
    await client.credit({ userId: 'eve', asset: 'GOLD', amount: 5n });
    const lock = await lockAccount(ledger.database, 'eve', 'GOLD');
    const { child, ended } = shell.start('ledgerctl credit eve GOLD 7 --timeout 600s --request-id stopped');
    await lock.untilBlocked();
    signal(child.pid, 'SIGINT');
    const interrupted = await ended;
    await lock.release();
    expect(interrupted).toMatchObject({ code: 130, out: '' });
    expect(interrupted.err).toContain(`--timeout 600s --request-id stopped --address ${address}\n`);
  });
});

test('the same request id gives the same output in every format', async () => {
  for (const format of ['table', 'json', 'csv']) {
    const line = `ledgerctl transfer ada bob GOLD 1 --request-id gift-${format} -o ${format}`;
    const first = await shell.run(line);
    const again = await shell.run(line);
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(again.out).toBe(first.out);
    expect(again.err).toMatch(/^replayed: /);
  }
});

describe('watch', () => {
  it('prints entries until Ctrl-C, and continues after its token without a gap or a repeat', async () => {
    const header = 'TRANSACTION_ID';
    await client.credit({ userId: 'wanda', asset: 'GOLD', amount: 1n });
    const before = await watched('ledgerctl watch --user wanda --from-start', 'SIGINT', /\n.*wanda.*\n/);
    expect(before.code).toBe(130);
    expect(before.out.split('\n')).toEqual([
      expect.stringContaining(header),
      expect.stringMatching(/ 1 +1 +1 /),
      '',
    ]);

    await client.credit({ userId: 'wanda', asset: 'GOLD', amount: 2n });
    const [token = ''] = /(?<=^resume token: )\S+/m.exec(before.err) ?? [];
    const after = await watched(`ledgerctl watch --user wanda --token ${token} -o json`, 'SIGTERM', /\n/);
    expect(after.code).toBe(143);
    const [line = '', rest] = after.out.split('\n');
    expect(rest).toBe('');
    const { entry, resumeToken } = JSON.parse(line) as { entry: object; resumeToken: string };
    expect(entry).toMatchObject({ userId: 'wanda', sequence: '2', change: '2', kind: 'ENTRY_KIND_CREDIT' });
    expect(after.err).toBe(`resume token: ${resumeToken}\n`);
  });

  it('starts from now, and prints a token at once', async () => {
    const { child, ended } = shell.start('ledgerctl watch --user nora -o csv');
    let notes = '';
    child.stderr.on('data', (chunk: Buffer) => (notes += chunk.toString()));
    await waitUntil('it watches', () => notes.startsWith('watching; resume token: '));
    await client.credit({ userId: 'nora', asset: 'GOLD', amount: 3n });
    let got = '';
    child.stdout.on('data', (chunk: Buffer) => (got += chunk.toString()));
    await waitUntil('the entry', () => got.includes(',nora,GOLD,0,1,3,3,'));
    signal(child.pid, 'SIGINT');
    expect((await ended).code).toBe(130);
  });
});

describe('a reader that has gone', () => {
  it('ends a list quietly', async () => {
    expect(await shell.run('ledgerctl balances ada | true')).toEqual({ code: 0, out: '', err: '' });
  });

  it('ends a watch quietly', async () => {
    const { child, ended } = shell.start('ledgerctl watch --from-start --user busy | head -1');
    // The program notices only when it writes.
    while (child.exitCode === null) await client.credit({ userId: 'busy', asset: 'GOLD', amount: 1n });
    const { code, out, err } = await ended;
    expect(code).toBe(0);
    expect(out).toMatch(/^TRANSACTION_ID.*\n$/);
    expect(err).toMatch(/^watching; resume token: \S+\n$/);
  });
});

test('--address precedes --context, then LEDGER_ADDRESS, then the context in use', async () => {
  const env = { XDG_CONFIG_HOME: `${shell.home}/settings` };
  const nowhere = { ...env, LEDGER_ADDRESS: '' };
  const run = async (line: string, settings: NodeJS.ProcessEnv = nowhere): Promise<Ended> =>
    shell.run(`ledgerctl ${line}`, settings);
  const ask = 'balance ada GOLD --timeout 600s';

  await run(`context set away ${UNREACHABLE}`);
  await run(`context set here ${address}`);
  expect((await run('context list -o csv')).out).toBe(
    `name,address,current\naway,${UNREACHABLE},true\nhere,${address},false\n`,
  );
  const asked = await Promise.all([
    run(ask.replace('600s', '300ms')),
    run(ask, { ...env, LEDGER_ADDRESS: address }),
    run(`${ask} --context here`, { ...env, LEDGER_ADDRESS: UNREACHABLE }),
    run(`${ask} --context away --address ${address}`),
    run(`${ask} --context gone`),
  ]);
  expect(asked.map(({ code }) => code)).toEqual([6, 0, 0, 0, 2]);
  expect(asked[4].err).toBe(
    'error: no context gone: there is away, here; make it with: ledgerctl context set gone HOST:PORT\n',
  );

  expect(await run('context use here')).toEqual({ code: 0, out: '', err: '' });
  expect((await run(ask)).code).toBe(0);
  expect(await run('context use gone')).toMatchObject({ code: 2 });
  expect((await run('context remove here')).err).toBe(
    'none is in use now; choose one with: ledgerctl context use NAME\n',
  );
  expect((await run('context list -o json')).out).toBe(
    `${JSON.stringify({ contexts: [{ name: 'away', address: UNREACHABLE, current: false }] }, null, 2)}\n`,
  );
});

describe('colours', () => {
  const terminal = {
    NODE_OPTIONS: '--import=data:text/javascript,process.stdout.isTTY=true;process.stderr.isTTY=true',
  };
  const line = 'ledgerctl balance ada GOLD; ledgerctl item get nothing';

  it.each<[what: string, env: NodeJS.ProcessEnv]>([
    ['without a terminal', {}],
    ['on a terminal with NO_COLOR', { ...terminal, NO_COLOR: '1' }],
  ])('are not used %s', async (_what, env) => {
    const { out, err } = await shell.run(line, env);
    expect(out).toMatch(/^USER_ID {2}ASSET/);
    expect(err).toMatch(/^error: getItem/);
    expect(out + err).not.toContain('\x1b');
  });

  it('are used on a terminal, and leave the columns where they are', async () => {
    const [plain, painted] = await Promise.all([shell.run(line), shell.run(line, terminal)]);
    expect(painted.out).toMatch(/^\x1b\[1mUSER_ID\x1b\[22m/);
    expect(painted.err).toMatch(/^\x1b\[31merror:\x1b\[39m getItem/);
    expect(painted.out.replace(/\x1b\[\d+m/g, '')).toBe(plain.out);
  });
});

/** At least 30 seconds, and twice the time that was too short. */
function longer(timeout: string): string {
  return `${Math.max(30, Math.ceil((2 * Number.parseInt(timeout, 10)) / 1_000))}s`;
}

/** Watches until the output matches, then sends the signal. */
async function watched(line: string, stop: NodeJS.Signals, until: RegExp): Promise<Ended> {
  const { child, ended } = shell.start(line);
  let got = '';
  child.stdout.on('data', (chunk: Buffer) => (got += chunk.toString()));
  await waitUntil(`${line} prints ${String(until)}`, () => until.test(got));
  signal(child.pid, stop);
  return ended;
}

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) throw new Error('the process did not start');
  process.kill(-pid, name);
}
