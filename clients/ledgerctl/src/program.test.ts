import type { Command, OptionValues } from '@commander-js/extra-typings';
import { Readable } from 'node:stream';
import { makeProgram, runProgram } from './program';
import type { Surroundings } from './surroundings';

type AnyCommand = Pick<Command<unknown[], OptionValues, OptionValues>, 'name' | 'commands'>;

function surroundings(args: readonly string[] = []) {
  const output = { out: '', err: '' };
  const io: Surroundings = {
    ...{ args, env: {}, stdin: Readable.from([]), signal: new AbortController().signal },
    stdout: { write: (text) => (output.out += text) },
    stderr: { write: (text) => (output.err += text) },
  };
  return { io, output };
}

function leavesOf({ commands }: AnyCommand, path: readonly string[] = []): string[][] {
  return commands.flatMap((command) =>
    command.commands.length === 0
      ? [[...path, command.name()]]
      : leavesOf(command, [...path, command.name()]),
  );
}

const leaves = leavesOf(makeProgram(surroundings().io));

it('has the commands that it is known for', () => {
  expect(leaves.map((path) => path.join(' ')).sort()).toEqual([
    ...['account get', 'account list', 'account set', 'balance', 'balances', 'batch'],
    ...['context list', 'context remove', 'context set', 'context use', 'credit', 'entries'],
    ...['hold capture', 'hold get', 'hold list', 'hold place', 'hold release'],
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
    const { io, output } = surroundings([...path, '--help']);
    expect(await runProgram(io)).toBe(0);
    expect(output.err).toBe('');
    const [, examples = ''] = output.out.split('\nExamples:\n');
    expect(examples).toMatch(/^ {2}\$ /);
    for (const line of examples.trim().split('\n')) expect(line).toContain(`ledgerctl ${name}`);
  },
);
