import { join } from 'node:path';
import { firstLine } from './first-line';

const folder = join(__dirname, '..', '..');

it('tells the version and the settings, and no secret', () => {
  const settings = {
    ...{ listen: '127.0.0.1:50051', databaseUrl: 'postgres://user:hidden@host:5432/ledger?password=hidden' },
    ...{ migrationDatabaseUrl: null, brokenUrl: 'postgres://user:hid den@[', pageTokenSecret: 'hidden' },
    ...{ tlsKey: 'hidden', limit: 7 },
  };
  const line = firstLine(settings, folder);
  expect(line).toEqual({
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    node: process.version,
    pid: process.pid,
    settings: {
      ...{ listen: '127.0.0.1:50051', databaseUrl: 'postgres://host:5432/ledger' },
      ...{ migrationDatabaseUrl: null, brokenUrl: 'set', pageTokenSecret: 'set', tlsKey: 'set', limit: 7 },
    },
  });
  expect(JSON.stringify(line)).not.toContain('hid');
});

it('says so when there is no package to take the version from', () => {
  expect(firstLine({}, '/nowhere')).toMatchObject({ version: 'unknown' });
});
