import { isFull, type LogOutput } from './log-output';

/** How much a sink holds, and how long it waits. */
export interface LogSinkSettings {
  /** Bytes that may wait in memory; lines beyond them are dropped and counted. */
  readonly bufferMaxBytes: number;
  /** The longest that `end` tries to write what waits. */
  readonly endLimitMs: number;
  /** Told how many lines were dropped, once lines are written again. */
  readonly onDropped: (lines: number) => void;
}

/** Bytes that wait before they are written: a line per call must not cost a system call per call. */
const WRITE_FROM_BYTES = 3 * 1024;
/** What several processes write to one pipe without mixing, as long as no line is longer (PIPE_BUF in pipe(7)). */
const WRITE_MAX_BYTES = 4096;
/** How long a line may wait for others. */
const FLUSH_INTERVAL_MS = 250;
/** How long until a write is tried again that failed, or whose output takes nothing for now. */
const RETRY_MS = 100;
/** Between two attempts of `end`, which has nothing else to do. */
const END_RETRY_MS = 5;

/**
 * Where the lines of a log go. Logging never stops the program: an output that takes nothing (a full disk, a pipe that
 * nobody reads or whose reader has gone) costs lines, which are dropped and counted, and never a wait.
 */
export class LogSink {
  /** Whole lines, joined to as much as one write takes. */
  private readonly chunks: string[] = [];
  /** The chunk behind them, which still grows. */
  private growing = '';
  private growingBytes = 0;
  /** Of all of them. */
  private bytes = 0;
  /** What is left of a chunk that was written in part, or that could not be written yet. */
  private rest: Buffer | null = null;
  private busy = false;
  private dropped = 0;
  private ended = false;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly output: LogOutput,
    private readonly settings: LogSinkSettings,
  ) {
    this.timer = setInterval(() => this.flush(), FLUSH_INTERVAL_MS).unref();
  }

  /** Takes a line, with its end. */
  write(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (this.bytes + bytes > this.settings.bufferMaxBytes) {
      this.dropped += 1;
      return;
    }
    if (this.growing !== '' && this.growingBytes + bytes > WRITE_MAX_BYTES) {
      this.chunks.push(this.takeGrowing());
    }
    this.growing += line;
    this.growingBytes += bytes;
    this.bytes += bytes;
    if (this.bytes >= WRITE_FROM_BYTES) this.flush();
  }

  /** Begins to write what waits. */
  flush(): void {
    if (this.busy || this.ended) return;
    const next = this.rest ?? this.nextChunk();
    if (next === null) return;
    this.busy = true;
    this.rest = next;
    this.output.write(next, (error, written) => this.wrote(error, written));
  }

  /** Writes what waits, within its limit, and takes nothing more. For the end of the process. */
  end(): void {
    if (this.ended) return;
    this.tellDropped();
    this.ended = true;
    clearInterval(this.timer);
    const until = performance.now() + this.settings.endLimitMs;
    // What a thread of Node's pool is writing to a file is written there.
    if (this.busy) this.rest = null;
    for (let next = this.rest ?? this.nextChunk(); next !== null; next = this.rest ?? this.nextChunk()) {
      this.rest = next;
      const written = this.output.writeNow(next);
      if (written === 'failed') return;
      if (written !== 'full') this.rest = restOf(next, written);
      else if (performance.now() >= until) return;
      else pause(END_RETRY_MS);
    }
  }

  private wrote(error: unknown, written: number): void {
    this.busy = false;
    if (this.ended || this.rest === null) return;
    if (error === null) {
      this.rest = restOf(this.rest, written);
      this.tellDropped();
      if (this.rest !== null || this.bytes >= WRITE_FROM_BYTES) this.flush();
      return;
    }
    if (!isFull(error)) {
      this.dropped += linesOf(this.rest);
      this.rest = null;
    }
    // Until then nothing is tried.
    this.busy = true;
    setTimeout(() => {
      this.busy = false;
      this.flush();
    }, RETRY_MS).unref();
  }

  /** Only when there is room for the line that tells it. */
  private tellDropped(): void {
    if (this.dropped === 0 || this.bytes * 2 > this.settings.bufferMaxBytes) return;
    const { dropped } = this;
    this.dropped = 0;
    this.settings.onDropped(dropped);
  }

  private nextChunk(): Buffer | null {
    const chunk = this.chunks.shift() ?? this.takeGrowing();
    if (chunk === '') return null;
    const bytes = Buffer.from(chunk);
    this.bytes -= bytes.length;
    return bytes;
  }

  private takeGrowing(): string {
    const { growing } = this;
    this.growing = '';
    this.growingBytes = 0;
    return growing;
  }
}

function restOf(bytes: Buffer, written: number): Buffer | null {
  return written < bytes.length ? bytes.subarray(written) : null;
}

function linesOf(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf('\n'); at >= 0; at = bytes.indexOf('\n', at + 1)) lines += 1;
  return lines;
}

/** Holds this thread up; only where nothing else is left to run. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
