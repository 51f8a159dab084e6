import * as fc from 'fast-check';
import { CanonicalBytes } from './canonical-bytes';

const hex = (out: CanonicalBytes): string => out.bytes().toString('hex');
const fresh = (): CanonicalBytes => new CanonicalBytes().reset();

it.each<[what: string, write: (out: CanonicalBytes) => unknown, bytes: string]>([
  ['a byte', (out) => out.byte(255), 'ff'],
  ['a u32, big-endian', (out) => out.u32(0x01020304), '01020304'],
  ['the largest u32', (out) => out.u32(0xffff_ffff), 'ffffffff'],
  ['an i64, big-endian', (out) => out.i64(258n), '0000000000000102'],
  ['a negative i64 as two’s complement', (out) => out.i64(-2n), 'fffffffffffffffe'],
  ['the least i64', (out) => out.i64(-(2n ** 63n)), '8000000000000000'],
  ['the largest i64', (out) => out.i64(2n ** 63n - 1n), '7fffffffffffffff'],
  ['an i128, big-endian', (out) => out.i128(258n), '0'.repeat(28) + '0102'],
  ['a negative i128 as two’s complement', (out) => out.i128(-2n), 'f'.repeat(31) + 'e'],
  ['an i128 beyond i64', (out) => out.i128(2n ** 64n + 1n), '0'.repeat(15) + '1' + '0'.repeat(15) + '1'],
  ['an i128 below i64', (out) => out.i128(-(2n ** 64n)), 'f'.repeat(16) + '0'.repeat(16)],
  ['the least i128', (out) => out.i128(-(2n ** 127n)), '8' + '0'.repeat(31)],
  ['the largest i128', (out) => out.i128(2n ** 127n - 1n), '7' + 'f'.repeat(31)],
  ['an absent i64', (out) => out.optionalI64(null), '00'],
  ['a present zero', (out) => out.optionalI64(0n), '010000000000000000'],
  ['no text', (out) => out.text(''), '00000000'],
  ['text as its length in bytes and its UTF-8', (out) => out.text('é😀'), '00000006c3a9f09f9880'],
  ['text with NUL', (out) => out.text('\0'), '0000000100'],
  ['raw bytes without a length', (out) => out.raw(Uint8Array.of(1, 2)), '0102'],
  ['no pairs', (out) => out.pairs([]), '00000000'],
  ['pairs', (out) => out.pairs([['a', 'b']]), '00000001' + '0000000161' + '0000000162'],
])('writes %s', (_what, write, bytes) => {
  const out = fresh();
  write(out);
  expect(hex(out)).toBe(bytes);
});

it('begins anew, whatever was written before', () => {
  const out = fresh().text('x'.repeat(5_000)).i64(-1n);
  expect(hex(out.reset().u32(1))).toBe('00000001');
  expect(hex(out.reset())).toBe('');
});

describe.each([1_019, 1_020, 1_021, 1_024, 4_096, 100_000])('text of %i characters', (count) => {
  it.each(['y', 'é', '名', '😀'])('of the kind of %s is there as a whole', (character) => {
    const text = character.repeat(count);
    const length = Buffer.byteLength(text);
    const bytes = fresh().byte(1).text(text).byte(2).bytes();
    expect(bytes).toHaveLength(length + 6);
    expect(bytes.readUInt32BE(1)).toBe(length);
    expect(bytes.toString('utf8', 5, 5 + length)).toBe(text);
    expect(bytes.at(-1)).toBe(2);
  });
});

it('never writes two different lists of text alike', () => {
  const texts = fc.array(fc.string({ unit: 'binary', maxLength: 6 }), { maxLength: 5 });
  const written = (list: readonly string[]): string => {
    const out = fresh();
    for (const text of list) out.text(text);
    return hex(out);
  };
  fc.assert(
    fc.property(texts, texts, fc.nat(5), (list, other, at) => {
      // The same characters, parted elsewhere.
      const joined = [...list.slice(0, at), list.slice(at).join('')];
      for (const second of [other, joined]) {
        const alike = JSON.stringify(list) === JSON.stringify(second);
        expect(written(list) === written(second)).toBe(alike);
      }
    }),
  );
});
