/** A gRPC message has a flag and its length before it. */
export const MESSAGE_HEAD_BYTES = 5;

/** Where one message of a call ends and the next begins, told from the bytes as they come in. */
export class MessageMeter {
  /** Bytes of the message that has come in part, with its head; 0 between two messages. */
  partialBytes = 0;
  /** When that message began, in the time that `feed` was given; Infinity between two messages. */
  partialSince = Infinity;

  /** Of the message that has come in part, once its head is there. */
  private length = 0;

  /** Takes the next bytes in; returns the length of the largest message that they belong to, as its head says it. */
  feed(chunk: Uint8Array, now: number): number {
    let largest = this.partialBytes >= MESSAGE_HEAD_BYTES ? this.length : 0;
    for (let at = 0; at < chunk.length;) {
      if (this.partialBytes === 0) this.partialSince = now;
      if (this.partialBytes < MESSAGE_HEAD_BYTES) {
        // The first byte is the flag.
        const byte = this.partialBytes === 0 ? 0 : (chunk[at] ?? 0);
        this.length = this.partialBytes === 0 ? 0 : this.length * 256 + byte;
        this.partialBytes += 1;
        at += 1;
        if (this.partialBytes < MESSAGE_HEAD_BYTES) continue;
        largest = Math.max(largest, this.length);
      }
      const missing = this.length + MESSAGE_HEAD_BYTES - this.partialBytes;
      const taken = Math.min(missing, chunk.length - at);
      at += taken;
      this.partialBytes += taken;
      if (taken < missing) break;
      this.partialBytes = 0;
      this.partialSince = Infinity;
    }
    return largest;
  }
}
