import * as api from '@ledger/client';
import { protoJson } from './proto-json';

it('writes what JSON has no type for as proto3 JSON does', () => {
  const message = {
    ...{ amount: -(2n ** 63n), stripe: 0, kind: api.EntryKind.CREDIT, state: api.HoldState.OPEN, code: 5 },
    hash: Buffer.from([251, 255]),
    createTime: { seconds: 1_795_207_982n, nanos: 46_426_000 },
    held: undefined,
    outcome: { $case: 'credit', value: { replayed: false } },
    metadata: { $case: 'x', value: 'y', kind: '1' },
    kinds: [],
  };
  expect(protoJson(message, api)).toEqual({
    ...{
      amount: '-9223372036854775808',
      stripe: 0,
      kind: 'ENTRY_KIND_CREDIT',
      state: 'HOLD_STATE_OPEN',
      code: 5,
    },
    hash: '+/8=',
    createTime: '2026-11-20T20:53:02.046426Z',
    credit: { replayed: false },
    metadata: { $case: 'x', value: 'y', kind: '1' },
    kinds: [],
  });
});

it('keeps the number of an enum value that it does not know', () => {
  expect(protoJson({ kind: 99, state: -1 }, api)).toEqual({ kind: 99, state: -1 });
});
