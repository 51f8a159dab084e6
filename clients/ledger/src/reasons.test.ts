import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { REASONS } from './reasons';

const PROTO = '../../../proto/ledger/v1/error_reason.proto';

it('has the codes that the comments of the contract give', () => {
  const proto = readFileSync(join(__dirname, PROTO), 'utf8');
  const documented = [...proto.matchAll(/((?: +\/\/.*\n)+) +ERROR_REASON_(\w+) = [1-9]/g)].map(
    ([, comment = '', reason = '']) => [reason, /^ *\/\/ ([A-Z_]+)/.exec(comment)?.[1]],
  );
  const table = Object.entries(REASONS).map(([reason, { code }]) => [reason, status[code]]);
  expect(table).toEqual(documented);
});
