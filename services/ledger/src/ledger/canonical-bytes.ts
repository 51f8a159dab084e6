/**
 * Writes values in one form that anybody can rebuild: integers big-endian, text as its length in bytes (u32) and
 * its UTF-8, an absent value as one zero byte and a present one as a one byte and the value. What is hashed is
 * written through here, in the order that content-hash.ts and hash-chain.ts state.
 */
export class CanonicalBytes {
  private buffer = Buffer.allocUnsafe(1024);
  private length = 0;

  /** Begins a new value; the buffer is used again. */
  reset(): this {
    this.length = 0;
    return this;
  }

  byte(value: number): this {
    this.reserve(1);
    this.buffer[this.length++] = value;
    return this;
  }

  u32(value: number): this {
    this.reserve(4);
    this.length = this.buffer.writeUInt32BE(value, this.length);
    return this;
  }

  i64(value: bigint): this {
    this.reserve(8);
    this.length = this.buffer.writeBigInt64BE(value, this.length);
    return this;
  }

  optionalI64(value: bigint | null): this {
    return value === null ? this.byte(0) : this.byte(1).i64(value);
  }

  text(value: string): this {
    // One UTF-16 unit never takes more than three bytes of UTF-8.
    this.reserve(4 + value.length * 3);
    const written = this.buffer.write(value, this.length + 4, 'utf8');
    this.buffer.writeUInt32BE(written, this.length);
    this.length += 4 + written;
    return this;
  }

  /** Bytes of a length that the layout fixes. */
  raw(value: Uint8Array): this {
    this.reserve(value.length);
    this.buffer.set(value, this.length);
    this.length += value.length;
    return this;
  }

  pairs(values: readonly (readonly [string, string])[]): this {
    this.u32(values.length);
    for (const [key, value] of values) this.text(key).text(value);
    return this;
  }

  /** A view, valid until the next write. */
  bytes(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  private reserve(more: number): void {
    if (this.length + more <= this.buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + more));
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }
}
