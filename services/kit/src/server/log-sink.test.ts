import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeOutput } from './log-output';
import { LogSink, type LogSinkSettings } from './log-sink';

const settings: LogSinkSettings = {
  ...{ bufferMaxBytes: 100_000, endLimitMs: 50 },
  onDropped: () => undefined,
};
const LINES = 10_000;

let directory: string;
let path: string;
let opened: number[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'log-sink-'));
  path = join(directory, 'pipe');
  execFileSync('mkfifo', [path]);
  opened = [];
});
afterEach(() => {
  for (const descriptor of opened) closeSync(descriptor);
  rmSync(directory, { recursive: true });
});

it('keeps what fits while nobody reads, drops the rest, and tells how much once somebody does', async () => {
  const reader = openPipe(constants.O_RDONLY);
  const told: number[] = [];
  const sink = sinkOn(openPipe(constants.O_WRONLY), { onDropped: (lines) => told.push(lines) });
  writeLines(sink);
  const read = await readUntil(
    reader,
    (text) => told.length > 0 && linesOf(text).length + (told[0] ?? 0) === LINES,
  );
  sink.end();
  expect(told).toHaveLength(1);
  expect(told[0]).toBeGreaterThan(0);
  const lines = linesOf(read);
  expect(lines).toEqual(Array.from(lines, (_, index) => lineOf(index)));
});

it('drops and counts what it cannot write, and goes on when it can', async () => {
  const first = openPipe(constants.O_RDONLY);
  const writer = openPipe(constants.O_WRONLY);
  closeSync(opened.shift()!);
  expect(first).not.toBe(writer);
  const told: number[] = [];
  const sink = sinkOn(writer, { onDropped: (lines) => told.push(lines) });
  sink.write('lost\n');
  sink.flush();
  const reader = openPipe(constants.O_RDONLY);
  sink.write('kept\n');
  await readUntil(reader, () => told.length > 0);
  expect(told).toEqual([1]);
  sink.end();
});

it('ends although its output is full, and although it cannot be written at all', () => {
  openPipe(constants.O_RDONLY);
  const stalled = sinkOn(openPipe(constants.O_WRONLY));
  writeLines(stalled);
  stalled.end();
  const full = openSync('/dev/full', 'w');
  opened.push(full);
  const failing = sinkOn(full);
  writeLines(failing);
  failing.end();
});

it('has written everything when it has ended, and takes nothing more', () => {
  const reader = openPipe(constants.O_RDONLY);
  const sink = sinkOn(openPipe(constants.O_WRONLY));
  for (let index = 0; index < 100; index += 1) sink.write(lineOf(index) + '\n');
  sink.end();
  sink.write('late\n');
  sink.flush();
  expect(linesOf(readAll(reader))).toEqual(Array.from({ length: 100 }, (_, index) => lineOf(index)));
});

function openPipe(access: number): number {
  const descriptor = openSync(path, access | constants.O_NONBLOCK);
  opened.push(descriptor);
  return descriptor;
}

function sinkOn(descriptor: number, own: Partial<LogSinkSettings> = {}): LogSink {
  return new LogSink(pipeOutput(descriptor), { ...settings, ...own });
}

function writeLines(sink: LogSink): void {
  for (let index = 0; index < LINES; index += 1) sink.write(`${lineOf(index)}\n`);
}

function lineOf(index: number): string {
  return `${index.toString().padStart(6, '0')} ${'x'.repeat(100)}`;
}

function linesOf(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

async function readUntil(reader: number, isDone: (text: string) => boolean): Promise<string> {
  let text = '';
  while (!isDone(text)) {
    text += readAll(reader);
    await nextTimers();
  }
  return text;
}

/** What waits in the pipe. */
function readAll(reader: number): string {
  const buffer = Buffer.alloc(65_536);
  let text = '';
  for (;;) {
    try {
      const length = readSync(reader, buffer);
      if (length === 0) return text;
      text += buffer.toString('utf8', 0, length);
    } catch {
      return text;
    }
  }
}

/** Lets the timers of the sink run. */
function nextTimers(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 5);
  });
}
