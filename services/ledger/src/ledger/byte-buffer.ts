/** Up to this length a loop over the characters beats a call into the engine. */
const SHORT_TEXT = 48;

const HYPHEN = 0x2d;
const UUID_TEXT = 36;
const UUID_HYPHENS = [8, 13, 18, 23] as const;
/** Where the two digits of each byte begin. */
const UUID_DIGITS = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const;
/** Above every digit. */
const NO_DIGIT = 0x10;
/** What the characters up to `f` are as digits. */
const DIGITS = Uint8Array.from({ length: 0x67 }, (_, code) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(code));
  return digit < 0 ? NO_DIGIT : digit;
});

/** The value of a lower-case hexadecimal digit by its character code; NO_DIGIT for any other character or NaN. */
function digitOf(code: number): number {
  return DIGITS[code] ?? NO_DIGIT;
}

/**
 * A growing buffer that is written front to back and used again and again. It is on the hot path of every write:
 * a DataView writes an int64 at a tenth of what Buffer's own methods take, and short ASCII is copied in place.
 */
export class ByteBuffer {
  private buffer = Buffer.allocUnsafe(4096);
  private view = viewOf(this.buffer);
  private position = 0;

  /** How many bytes were written. */
  get length(): number {
    return this.position;
  }

  /** Begins anew; the memory is used again. */
  reset(): void {
    this.position = 0;
  }

  /** A view of what was written, valid until the next write. */
  bytes(): Buffer {
    return this.buffer.subarray(0, this.position);
  }

  u8(value: number): void {
    this.reserve(1);
    this.buffer[this.position++] = value;
  }

  /** Big-endian. */
  u16(value: number): void {
    this.reserve(2);
    this.view.setUint16(this.position, value);
    this.position += 2;
  }

  /** Big-endian. */
  u32(value: number): void {
    this.reserve(4);
    this.view.setUint32(this.position, value);
    this.position += 4;
  }

  /** Big-endian two's complement, of a value that fits: others are cut off. */
  i64(value: bigint): void {
    this.reserve(8);
    this.view.setBigInt64(this.position, value);
    this.position += 8;
  }

  /** Big-endian two's complement, of a value that fits: others are cut off. */
  i128(value: bigint): void {
    this.reserve(16);
    this.view.setBigInt64(this.position, value >> 64n);
    this.view.setBigInt64(this.position + 8, value);
    this.position += 16;
  }

  raw(value: Uint8Array): void {
    this.reserve(value.length);
    this.buffer.set(value, this.position);
    this.position += value.length;
  }

  /** Its length in bytes as u32, then its UTF-8. */
  text(value: string): void {
    const start = this.position;
    this.u32(0);
    this.utf8(value);
    this.setU32(start, this.position - start - 4);
  }

  utf8(value: string): void {
    // One UTF-16 unit never takes more than three bytes of UTF-8.
    this.reserve(value.length * 3);
    this.position += this.ascii(value) ? value.length : this.buffer.write(value, this.position, 'utf8');
  }

  /**
   * The 16 bytes of a UUID, from its text of lower-case hexadecimal digits and hyphens.
   *
   * @throws RangeError when the text is not a UUID in this form
   */
  uuid(value: string): void {
    this.reserve(16);
    const { buffer, position } = this;
    // A character that is wrong in its place sets bits above those of a digit.
    let seen = value.length === UUID_TEXT ? 0 : NO_DIGIT;
    for (const hyphen of UUID_HYPHENS) seen |= value.charCodeAt(hyphen) === HYPHEN ? 0 : NO_DIGIT;
    for (let i = 0; i < UUID_DIGITS.length; i += 1) {
      const at = UUID_DIGITS[i] as number;
      const high = digitOf(value.charCodeAt(at));
      const low = digitOf(value.charCodeAt(at + 1));
      seen |= high | low;
      buffer[position + i] = (high << 4) | low;
    }
    if (seen >= NO_DIGIT) throw new RangeError(`${value} is no UUID`);
    this.position += 16;
  }

  /** Overwrites what was written as u32 at a place. */
  setU32(at: number, value: number): void {
    this.view.setUint32(at, value);
  }

  /** Copies short ASCII; says whether it was. */
  private ascii(value: string): boolean {
    if (value.length > SHORT_TEXT) return false;
    const { buffer, position } = this;
    for (let i = 0; i < value.length; i += 1) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      buffer[position + i] = code;
    }
    return true;
  }

  private reserve(more: number): void {
    if (this.position + more <= this.buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.position + more));
    this.buffer.copy(grown, 0, 0, this.position);
    this.buffer = grown;
    this.view = viewOf(grown);
  }
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
