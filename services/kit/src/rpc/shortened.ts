/**
 * A text of a caller as an error or a line of the log repeats it: the first bytes of its UTF-8, and `…` when there are
 * more. Every such text passes here. An error travels in HTTP/2 headers, for which many clients have room for 8 KiB, and
 * node breaks the whole connection above 64 KiB; {@link TEXT_MAX_BYTES} keeps any error within the former.
 */
export function shortened(text: string, maxBytes: number): string {
  // Each UTF-16 unit is at least one byte: what lies behind these need not be looked at.
  const start = text.slice(0, maxBytes + 1);
  if (start.length === text.length && Buffer.byteLength(text) <= maxBytes) return text;
  // A character that was cut in two is left out.
  return `${Buffer.from(start)
    .toString('utf8', 0, maxBytes)
    .replace(/\uFFFD$/, '')}…`;
}

/** How much of each text an error or a line of the log has room for. No text that the contracts allow is longer. */
export const TEXT_MAX_BYTES = {
  message: 768,
  /** A value of the metadata of an error. */
  metadata: 256,
  /** The path of a field at fault: the key of a pair is a part of it. */
  field: 80,
  description: 120,
  /** All fields at fault of an error with their descriptions; those behind it are left out. */
  violations: 3_000,
  /** A name in a line of the log. */
  logged: 128,
  /** The message, and the stack, of an error in the log. */
  loggedError: 8_192,
} as const;
