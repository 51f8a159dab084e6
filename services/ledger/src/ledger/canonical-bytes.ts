import { ByteBuffer } from './byte-buffer';

/**
 * Writes values in one form that anybody can rebuild: integers big-endian, text as its length in bytes (u32) and
 * its UTF-8, an absent value as one zero byte and a present one as a one byte and the value. What is hashed is
 * written through here, in the order that content-hash.ts and hash-chain.ts state.
 */
export class CanonicalBytes {
  private readonly out = new ByteBuffer();

  /** Begins a new value; the buffer is used again. */
  reset(): this {
    this.out.reset();
    return this;
  }

  byte(value: number): this {
    this.out.u8(value);
    return this;
  }

  u32(value: number): this {
    this.out.u32(value);
    return this;
  }

  i64(value: bigint): this {
    this.out.i64(value);
    return this;
  }

  i128(value: bigint): this {
    this.out.i128(value);
    return this;
  }

  optionalI64(value: bigint | null): this {
    return value === null ? this.byte(0) : this.byte(1).i64(value);
  }

  text(value: string): this {
    this.out.text(value);
    return this;
  }

  /** The 16 bytes of a UUID of lower-case digits. */
  uuid(value: string): this {
    this.out.uuid(value);
    return this;
  }

  /** Bytes of a length that the layout fixes. */
  raw(value: Uint8Array): this {
    this.out.raw(value);
    return this;
  }

  pairs(values: readonly (readonly [string, string])[]): this {
    this.u32(values.length);
    for (const [key, value] of values) this.text(key).text(value);
    return this;
  }

  /** A view, valid until the next write. */
  bytes(): Buffer {
    return this.out.bytes();
  }
}
