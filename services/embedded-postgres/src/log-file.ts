import { constants } from 'node:fs';
import { open, rename, stat, type FileHandle } from 'node:fs/promises';

/** At a start a longer file makes room for a new one and stays as the only older one. */
const MAX_LOG_BYTES = 16 * 1024 * 1024;
const TAIL_BYTES = 8 * 1024;
const TAIL_LINES = 15;

/**
 * Opens the file that Postgres writes its log to. A file and no pipe: it never waits for us to read, and it goes on
 * when we are gone.
 */
export async function openLogFile(path: string): Promise<FileHandle> {
  const size = await logSize(path);
  if (size > MAX_LOG_BYTES) await rename(path, `${path}.1`);
  // As root we may be in another user's directory: no link may lead the log elsewhere.
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
  return open(path, flags, 0o600);
}

export async function logSize(path: string): Promise<number> {
  return stat(path).then(
    (stats) => stats.size,
    () => 0,
  );
}

/** The last lines that were written after `fromByte`, for an error message. */
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
