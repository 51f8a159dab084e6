import { execFileSync } from 'node:child_process';
import { commandLine, retryLine } from './command-line';

it.each([['plain', 'a b', "it's", '$HOME `id` \\ "x"', '', '-5', 'a\nb', '*']])(
  'is read by a shell as it was meant',
  (...words) => {
    const line = commandLine(words).replace(/^ledgerctl/, String.raw`printf '%s\0'`);
    expect(execFileSync('sh', ['-c', line], { encoding: 'utf8' }).split('\0').slice(0, -1)).toEqual(words);
  },
);

it.each<[args: string[], line: string]>([
  [['credit', 'ada', 'GOLD', '5'], 'ledgerctl credit ada GOLD 5 --address here:1 --request-id r-1'],
  [['credit', 'ada', '--request-id', 'r-1'], 'ledgerctl credit ada --request-id r-1 --address here:1'],
  [['credit', '--address=here:1', 'ada'], 'ledgerctl credit --address=here:1 ada --request-id r-1'],
  [['credit', '--', '-ada', 'GOLD'], 'ledgerctl credit --address here:1 --request-id r-1 -- -ada GOLD'],
  [['post', 'ada', 'ada GOLD 5'], "ledgerctl post ada 'ada GOLD 5' --address here:1 --request-id r-1"],
])('%j is sent again by: %s', (args, line) => {
  expect(retryLine(args, 'here:1', 'r-1')).toBe(line);
});

it.each<[args: string[], line: string]>([
  [['credit', 'ada'], 'ledgerctl credit ada --address here:1 --request-id r-1 --timeout 30s'],
  [
    ['credit', '--timeout', '300ms', 'ada'],
    'ledgerctl credit --timeout 30s ada --address here:1 --request-id r-1',
  ],
  [
    ['--timeout=300ms', 'credit', 'ada'],
    'ledgerctl --timeout=30s credit ada --address here:1 --request-id r-1',
  ],
  [
    ['credit', '--', '--timeout', 'x'],
    'ledgerctl credit --address here:1 --request-id r-1 --timeout 30s -- --timeout x',
  ],
])('%j, which ran out of time, is sent again with more of it: %s', (args, line) => {
  expect(retryLine(args, 'here:1', 'r-1', 30_000)).toBe(line);
});
