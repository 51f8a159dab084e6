import * as generated from '@ledger/proto/ledger/v1/ledger';
import { EntryKind, sortedMetadata } from './transaction';

describe('the kinds of transactions', () => {
  it('have the numbers of the contract: they are stored, hashed and sent', () => {
    const contract = Object.entries(generated.EntryKind).filter(
      ([name, value]) => typeof value === 'number' && name !== 'UNSPECIFIED' && name !== 'UNRECOGNIZED',
    );
    expect(Object.entries(EntryKind).sort()).toEqual(contract.sort());
  });
});

describe('metadata', () => {
  const reversed = (pairs: readonly (readonly [string, string])[]): Map<string, string> =>
    new Map([...pairs].reverse().map(([key, value]) => [key, value]));

  it('has one order: that of the bytes of its keys', () => {
    // In UTF-16, as JavaScript compares, the last two change places.
    const pairs = ['', 'A', 'AA', 'a', 'é', '\uff5e', '😀'].map((key): [string, string] => [key, 'v']);
    expect(sortedMetadata(reversed(pairs))).toEqual(pairs);
    expect(sortedMetadata(new Map(pairs))).toEqual(pairs);
  });

  it('keeps keys that mean something to JavaScript', () => {
    const pairs: [string, string][] = [
      ['10', 'ten'],
      ['9', 'nine'],
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ];
    expect(sortedMetadata(reversed(pairs))).toEqual(pairs);
  });

  it('may be nothing', () => {
    expect(sortedMetadata(new Map())).toEqual([]);
  });
});
