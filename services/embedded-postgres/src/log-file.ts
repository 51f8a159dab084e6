import { constants } from 'node:fs';
import { open, rename, stat, type FileHandle } from 'node:fs/promises';

/** A longer file is renamed at a start and a new one begun. One older file is kept. */
const MAX_LOG_BYTES = 16 * 1024 * 1024;
const TAIL_BYTES = 8 * 1024;
const TAIL_LINES = 15;

/**
 * Opens the file that Postgres writes its log to. A file instead of a pipe, because Postgres never waits for us to read
 * it, and can write to it after we have exited.
 */
export async function openLogFile(path: string): Promise<FileHandle> {
  const size = await logSize(path);
  if (size > MAX_LOG_BYTES) await rename(path, `${path}.1`);
  // When we are root, another user may own the directory: O_NOFOLLOW keeps a link from redirecting the log.
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
  return open(path, flags, 0o600);
}

/** The size of the file in bytes; 0 when there is none. */
export async function logSize(path: string): Promise<number> {
  return stat(path).then(
    (stats) => stats.size,
    () => 0,
  );
}

/** The last lines written after `fromByte`, for an error message. Never rejects. */
export async function readLogTail(path: string, fromByte: number): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const start = Math.max(fromByte, size - TAIL_BYTES);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, start);
      return buffer.toString('utf8', 0, bytesRead).trim().split('\n').slice(-TAIL_LINES).join('\n');
    } finally {
      await file.close();
    }
  } catch {
    return '';
  }
}
