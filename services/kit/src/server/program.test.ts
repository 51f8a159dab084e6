import { ConfigError } from './environment';
import { exitCodeOf } from './program';
import { StartError } from './start-error';

const describe = (error: unknown): string => `described ${String(error)}`;

it.each<[what: string, error: Error, code: number, told: string]>([
  ['a setting', new ConfigError('X must be 1'), 2, 'test: X must be 1\n'],
  ['a start', new StartError('no room'), 1, 'test: no room\n'],
  ['anything else', new Error('boom'), 1, 'test: described Error: boom\n'],
  [
    'several errors',
    new AggregateError([new StartError('one'), new Error('two')]),
    1,
    'test: one; described Error: two\n',
  ],
])('ends with the exit code of an error and tells it: %s', async (_what, error, code, told) => {
  const lines: string[] = [];
  const stderr = { write: (text: string) => lines.push(text) };
  const main = (): Promise<never> => Promise.reject(error);
  expect(await exitCodeOf('test', main, { stderr, describe })).toBe(code);
  expect(lines).toEqual([told]);
});

it('ends with the exit code that the program comes to, and tells nothing', async () => {
  const lines: string[] = [];
  const stderr = { write: (text: string) => lines.push(text) };
  expect(await exitCodeOf('test', () => Promise.resolve(0), { stderr })).toBe(0);
  expect(lines).toEqual([]);
});
