import type { Command, OptionValues } from '@commander-js/extra-typings';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { EXIT_CODE_MEANINGS } from './exit-codes';
import { makeProgram, runProgram } from './program';
import type { CommandContext } from './command-context';

type AnyCommand = Pick<Command<unknown[], OptionValues, OptionValues>, 'name' | 'commands'>;

function fakeContext(args: readonly string[] = []) {
  const output = { out: '', err: '' };
  const context: CommandContext = {
    ...{ args, env: {}, stdin: Readable.from([]), signal: new AbortController().signal },
    stdout: { write: (text) => (output.out += text) },
    stderr: { write: (text) => (output.err += text) },
  };
  return { context, output };
}

function leavesOf({ commands }: AnyCommand, path: readonly string[] = []): string[][] {
  return commands.flatMap((command) =>
    command.commands.length === 0
      ? [[...path, command.name()]]
      : leavesOf(command, [...path, command.name()]),
  );
}

const leaves = leavesOf(makeProgram(fakeContext().context));

it('has these commands', () => {
  expect(leaves.map((path) => path.join(' ')).sort()).toEqual([
    ...['account get', 'account list', 'account set', 'balance', 'balances', 'batch', 'completion'],
    ...['context list', 'context remove', 'context set', 'context use', 'credit', 'entries'],
    ...['hold capture', 'hold get', 'hold list', 'hold place', 'hold release', 'import'],
    ...['item get', 'item list', 'item put', 'item versions'],
    ...[
      'post',
      'purchase',
      'request',
      'reverse',
      'transaction',
      'transactions',
      'transfer',
      'verify',
      'watch',
    ],
  ]);
});

it.each(leaves.map((path) => [path.join(' '), path]))(
  '%s has a help with examples of it',
  async (name, path) => {
    const { context, output } = fakeContext([...path, '--help']);
    expect(await runProgram(context)).toBe(0);
    expect(output.err).toBe('');
    const [, examples = ''] = output.out.split('\nExamples:\n');
    expect(examples).toMatch(/^ {2}\$ /);
    for (const line of examples.trim().split('\n')) expect(line).toContain(`ledgerctl ${name}`);
  },
);

it('prints every exit code in its help, and the README lists the same codes', async () => {
  const { context, output } = fakeContext(['--help']);
  await runProgram(context);
  for (const [code, meaning] of Object.entries(EXIT_CODE_MEANINGS)) {
    expect(output.out).toContain(`${code}  ${meaning}\n`);
  }
  const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');
  const [, section = ''] = readme.split('## Exit codes\n');
  expect([...section.matchAll(/^\| (\d+) /gm)].map(([, code]) => code)).toEqual(
    Object.keys(EXIT_CODE_MEANINGS),
  );
});
