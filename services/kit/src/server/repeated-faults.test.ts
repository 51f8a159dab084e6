import { DatabaseError } from 'pg';
import { RepeatedFaults } from './repeated-faults';

let lines: { readonly said: string; readonly count: number }[];
let endWindow: () => void;
let faults: RepeatedFaults;

beforeEach(() => {
  lines = [];
  const ends: (() => void)[] = [];
  faults = new RepeatedFaults((_ms, callback) => ends.push(callback));
  endWindow = () => {
    ends.splice(0).forEach((end) => {
      end();
    });
  };
});

function fail(error: unknown, what = 'a call failed'): void {
  faults.add(what, error, (last, count) => lines.push({ said: String(last), count }));
}

function refusal(message: string): DatabaseError {
  const error = new DatabaseError(message, message.length, 'error');
  error.code = '42P01';
  return error;
}

it('writes an error that fails many calls once, and once more with a count', () => {
  for (let call = 0; call < 10_000; call += 1) fail(refusal(`no table, says call ${call}`));
  expect(lines).toEqual([{ said: 'error: no table, says call 0', count: 1 }]);
  endWindow();
  expect(lines[1]).toEqual({ said: 'error: no table, says call 9999', count: 9_999 });
  endWindow();
  expect(lines).toHaveLength(2);
});

it('writes the next of its kind at once when the window has ended', () => {
  fail(new Error('reset'));
  endWindow();
  fail(new Error('reset'));
  expect(lines).toHaveLength(2);
});

it('tells other errors, and other work that failed, apart', () => {
  fail(new Error('reset'));
  fail(new Error('refused'));
  fail(new Error('reset'), 'a batch failed');
  fail('reset');
  expect(lines.map(({ count }) => count)).toEqual([1, 1, 1, 1]);
});

it('keeps no more kinds than its limit', () => {
  for (let kind = 0; kind < 1_000; kind += 1) fail(new Error(`kind ${kind}`));
  expect(lines).toHaveLength(101);
  faults.flush();
  expect(lines).toHaveLength(102);
  expect(lines[101]?.count).toBe(899);
});
