import { DatabaseError } from 'pg';
import { QueryFailedError } from 'typeorm';
import { ConnectionLost, isOutage, sqlFault, sqlState, type SqlFault } from './sql-state';

function databaseError(code: string): DatabaseError {
  const error = new DatabaseError('text', 4, 'error');
  error.code = code;
  return error;
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code, errno: -1, syscall: 'connect' });
}

it.each<[what: string, state: string, fault: SqlFault]>([
  ['a deadlock', '40P01', 'retry'],
  ['a failed serialisation', '40001', 'retry'],
  ['a unique violation', '23505', 'refused'],
  ['a check violation', '23514', 'refused'],
  ['a number out of range', '22003', 'refused'],
  ['text that is no UTF-8', '22021', 'refused'],
  ['a lost connection', '08006', 'unavailable'],
  ['too many connections', '53300', 'unavailable'],
  ['a full disk', '53100', 'unavailable'],
  ['an admin’s shutdown', '57P01', 'unavailable'],
  ['a server that starts', '57P03', 'unavailable'],
  ['a statement timeout', '57014', 'held'],
  ['a broken file', '58030', 'unavailable'],
  ['a database that takes no connections', '55000', 'unavailable'],
  ['a lock timeout', '55P03', 'held'],
  ['a standby, read only', '25006', 'unavailable'],
  ['an idle transaction that was ended', '25P03', 'unavailable'],
  ['a wrong password', '28P01', 'unavailable'],
  ['a database that is gone', '3D000', 'unavailable'],
  ['a missing table', '42P01', 'broken'],
  ['a missing right', '42501', 'broken'],
  ['a refusal of a trigger', 'P0001', 'broken'],
  ['an error inside the server', 'XX000', 'broken'],
])('takes %s (%s) as %s', (_what, state, fault) => {
  expect(sqlFault(databaseError(state))).toBe(fault);
  expect(sqlState(databaseError(state))).toBe(state);
});

it.each<[routine: string, fault: SqlFault]>([
  ['ReportCopyError', 'retry'],
  ['ReportResultError', 'retry'],
  ['elog_finish', 'broken'],
])('takes an error inside the server that %s reported as %s', (routine, fault) => {
  const error = Object.assign(databaseError('XX000'), { routine });
  expect(sqlFault(error)).toBe(fault);
  expect(sqlFault(new QueryFailedError('SELECT 1', [], error))).toBe(fault);
});

it('sees through what TypeORM wraps around an error', () => {
  const wrapped = new QueryFailedError('SELECT 1', [], databaseError('40001'));
  expect(sqlState(wrapped)).toBe('40001');
  expect(sqlFault(wrapped)).toBe('retry');
});

it.each(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EHOSTUNREACH', 'ENOTFOUND'])(
  'takes %s of the system for a database that is away',
  (code) => {
    expect(sqlState(systemError(code))).toBeNull();
    expect(sqlFault(systemError(code))).toBe('unavailable');
  },
);

it.each([
  new Error('Connection terminated unexpectedly'),
  new Error('timeout exceeded when trying to connect'),
  new Error('Query read timeout'),
  new Error('Client has encountered a connection error and is not queryable'),
  new ConnectionLost(new Error('whatever pg says by then')),
  new AggregateError([systemError('ECONNREFUSED')]),
  // The socket of a Postgres that is not there.
  systemError('ENOENT'),
])('takes %o, without a state, for a connection that broke', (error) => {
  expect(sqlState(error)).toBeNull();
  expect(sqlFault(error)).toBe('unavailable');
});

it.each<[unknown]>([
  [new Error('something else')],
  [new TypeError('x is undefined')],
  [new RangeError('not locked')],
  [Object.assign(new RangeError('out of range'), { code: 'ERR_OUT_OF_RANGE' })],
  [Object.assign(new Error('no such file'), { code: 'ENOENT', syscall: 'open' })],
  [new (class Unforeseen extends Error {})('of any class')],
  [{ code: 40001 }],
  [{ code: '4000' }],
  [{ code: '40p01' }],
  ['40001'],
  [null],
  [undefined],
])('takes %o for a fault that one command brought about, not for an outage', (error) => {
  expect(sqlState(error)).toBeNull();
  expect(sqlFault(error)).toBe('refused');
});

it.each<[unknown]>([
  [databaseError('57P01')],
  [databaseError('40P01')],
  [databaseError('3D000')],
  [systemError('ECONNREFUSED')],
  [new AggregateError([systemError('ECONNREFUSED'), systemError('ECONNREFUSED')])],
  [new Error('Connection terminated unexpectedly')],
])('takes %o for an outage', (error) => {
  expect(isOutage(error)).toBe(true);
});

it.each<[unknown]>([
  [databaseError('23505')],
  [databaseError('42P01')],
  [new Error('something else')],
  [new TypeError('x is undefined')],
  [undefined],
])('takes %o for no outage', (error) => {
  expect(isOutage(error)).toBe(false);
});
