import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { runProgram } from '../program';
import { SHELLS } from './completion-scripts';

const home = mkdtempSync(join(tmpdir(), 'completion-'));
afterAll(() => rmSync(home, { recursive: true }));

async function scriptFor(shell: string): Promise<string> {
  let out = '';
  const code = await runProgram({
    ...{ args: ['completion', shell], env: {}, stdin: Readable.from([]) },
    ...{ signal: new AbortController().signal, stderr: { write: () => undefined } },
    stdout: { write: (text) => (out += text) },
  });
  expect(code).toBe(0);
  const file = join(home, `ledgerctl.${shell}`);
  writeFileSync(file, out);
  return file;
}

/** What bash offers for the last of the words. */
async function offers(...words: string[]): Promise<string[]> {
  const script = `source '${await scriptFor('bash')}'
    COMP_WORDS=(ledgerctl ${words.map((word) => `'${word}'`).join(' ')}) COMP_CWORD=${words.length}
    _ledgerctl; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n');
}

describe('bash offers', () => {
  it('commands, and those of a group', async () => {
    expect(await offers('tr')).toEqual(['transfer', 'transaction', 'transactions']);
    expect(await offers('hold', '')).toEqual(expect.arrayContaining(['place', 'capture', 'release', 'get']));
    expect(await offers('hold', 'c')).toEqual(['capture']);
  });

  it('the options of the command and of the program, also behind arguments and values', async () => {
    expect(await offers('--address', 'credit', 'hold', 'place', 'ada', '--ex')).toEqual(['--expires']);
    expect(await offers('credit', 'ada', '--re')).toEqual(['--request-id', '--reference']);
    expect(await offers('credit', '--out')).toEqual(['--output']);
    expect(await offers('balances', '--expires')).toEqual(['']);
  });

  it('the values of an option that has a few, and none of its own for another', async () => {
    expect(await offers('credit', '-o', '')).toEqual(['table', 'json', 'csv']);
    expect(await offers('credit', '--reference', '')).toEqual(['']);
  });
});

describe.each(SHELLS)('the script for %s', (shell) => {
  const isHere = spawnSync(shell, ['-c', 'true']).status === 0;

  // Not every machine has every shell.
  (isHere ? it : it.skip)('is one that the shell can read', async () => {
    const { status, stderr } = spawnSync(shell, ['-n', await scriptFor(shell)], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});
