import * as fc from 'fast-check';
import { ByteBuffer } from './byte-buffer';

function written(write: (out: ByteBuffer) => void): Buffer {
  const out = new ByteBuffer();
  write(out);
  return Buffer.from(out.bytes());
}

it('writes the bytes of a UUID', () => {
  fc.assert(
    fc.property(fc.uuid(), (uuid) => {
      const bytes = written((out) => out.uuid(uuid));
      expect(bytes.toString('hex')).toBe(uuid.replaceAll('-', ''));
    }),
  );
});

it.each([
  ['', 'nothing'],
  ['019aa122-be7b-774b-8005-0a0b0c0d0e0', 'a digit too few'],
  ['019aa122-be7b-774b-8005-0a0b0c0d0e', 'a byte too few'],
  ['019aa122-be7b-774b-8005-0a0b0c0d0e0f0', 'a digit too many'],
  ['019aa122-be7b-774b-8005-0a0b0c0d0e0f00', 'a byte too many'],
  ['019AA122-be7b-774b-8005-0a0b0c0d0e0f', 'upper case'],
  ['019aa122-be7b-774b-8005-0a0b0c0d0e0g', 'another letter'],
  ['019aa122-be7b-774b-8005-0a0b0c0d0e0:', 'another sign'],
  ['019aa122-be7b-774b-8005-0a0b0c0d0e0é', 'another character'],
  ['019aa122be-7b-774b-8005-0a0b0c0d0e0f', 'a hyphen in another place'],
  ['019aa122be7b774b80050a0b0c0d0e0f', 'no hyphens'],
  ['019aa122-be7b-774b-8005-0a0b0c0d0e0f-', 'a hyphen too many'],
  ['019aa122-be7b-774b-8005_0a0b0c0d0e0f', 'another sign for a hyphen'],
])('takes %j for no UUID: %s', (text) => {
  expect(() => written((out) => out.uuid(text))).toThrow(RangeError);
});

it('writes text of any length and kind as UTF-8 behind its length', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 120 }), { maxLength: 60 }), (texts) => {
      const bytes = written((out) => {
        for (const text of texts) out.text(text);
      });
      const expected = texts.flatMap((text) => {
        const length = Buffer.alloc(4);
        length.writeUInt32BE(Buffer.byteLength(text));
        return [length, Buffer.from(text)];
      });
      expect(bytes).toEqual(Buffer.concat(expected));
    }),
  );
});
