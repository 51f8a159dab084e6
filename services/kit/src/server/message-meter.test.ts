import { MESSAGE_HEAD_BYTES, MessageMeter } from './message-meter';

function framed(length: number): Buffer {
  const message = Buffer.alloc(MESSAGE_HEAD_BYTES + length, 7);
  message.writeUInt8(0, 0);
  message.writeUInt32BE(length, 1);
  return message;
}

it('knows at each byte how much of a message has come', () => {
  const bytes = Buffer.concat([framed(3), framed(0), framed(300)]);
  const ends = new Set([8, 13, 318]);
  const meter = new MessageMeter();
  let begun = 0;
  for (const [index, byte] of bytes.entries()) {
    meter.feed(Uint8Array.of(byte), index);
    const there = index + 1;
    expect([there, meter.partialBytes]).toEqual([there, ends.has(there) ? 0 : there - begun]);
    expect(meter.partialSince).toBe(ends.has(there) ? Infinity : begun);
    if (ends.has(there)) begun = there;
  }
});

it('says how long the largest message is before it has come', () => {
  const meter = new MessageMeter();
  expect(meter.feed(framed(2).subarray(0, 4), 0)).toBe(0);
  expect(meter.feed(Buffer.concat([framed(2).subarray(4), framed(70_000), framed(9)]), 0)).toBe(70_000);
  expect(meter.feed(Buffer.from([0, 0xff, 0xff, 0xff, 0xff]), 0)).toBe(0xffff_ffff);
  expect(meter.feed(Buffer.alloc(10), 0)).toBe(0xffff_ffff);
  expect(meter.partialBytes).toBe(15);
});
