import { constants, fstatSync, openSync, write, writeSync } from 'node:fs';

/** Takes bytes, as many as it has room for, and never waits until there is more. */
export interface LogOutput {
  /** @param done called before or after it returns */
  write(bytes: Buffer, done: (error: unknown, written: number) => void): void;
  /** The same before it returns. */
  writeNow(bytes: Buffer): number | 'full' | 'failed';
}

/** Standard output. */
export function standardOutput(): LogOutput {
  try {
    const kind = fstatSync(STDOUT);
    // A disk may take its time, which a thread of Node's pool waits for.
    if (kind.isFile()) return fileOutput(STDOUT);
    // Node makes a pipe or a socket non-blocking when it makes the stream for it.
    if (kind.isFIFO() || kind.isSocket()) void process.stdout;
    // A terminal that is held (Ctrl-S) blocks. It is shared with others, so it is opened again.
    else if (kind.isCharacterDevice()) return pipeOutput(openSync(STDOUT_FILE, WITHOUT_BLOCKING));
  } catch {
    // There is no standard output, or the system has no such file, or forbids it: then as it is.
  }
  return pipeOutput(STDOUT);
}

const STDOUT = 1;
const STDOUT_FILE = '/proc/self/fd/1';
const WITHOUT_BLOCKING = constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK;

/**
 * The output of a descriptor that does not block. One that does would hold a thread of Node's pool for as long as nobody
 * reads, and a process cannot end before its threads do.
 */
export function pipeOutput(descriptor: number): LogOutput {
  return {
    write: (bytes, done) => {
      let written = 0;
      try {
        written = writeSync(descriptor, bytes);
      } catch (error) {
        done(error, 0);
        return;
      }
      done(null, written);
    },
    writeNow: (bytes) => writeNow(descriptor, bytes),
  };
}

function fileOutput(descriptor: number): LogOutput {
  return {
    write: (bytes, done) => write(descriptor, bytes, done),
    writeNow: (bytes) => writeNow(descriptor, bytes),
  };
}

function writeNow(descriptor: number, bytes: Buffer): number | 'full' | 'failed' {
  try {
    return writeSync(descriptor, bytes);
  } catch (error) {
    return isFull(error) ? 'full' : 'failed';
  }
}

/** Whether an output takes nothing for now, but may later. */
export function isFull(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EAGAIN';
}
