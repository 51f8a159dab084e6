#!/usr/bin/env node
import { EXIT } from './exit-codes';
import { runProgram } from './program';
import { Stop } from './stop';

const stop = new AbortController();

// Once: who asks again does not get to wait for a polite end.
process.once('SIGINT', () => stop.abort(new Stop(EXIT.interrupted)));
process.once('SIGTERM', () => stop.abort(new Stop(EXIT.terminated)));
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    // The reader has seen enough, as in `| head`. Nothing failed.
    stop.abort(new Stop(EXIT.ok));
  });
}

void runProgram({
  args: process.argv.slice(2),
  env: process.env,
  // Not opened by commands that do not read it.
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
}).then((code) => {
  process.exitCode = code;
});
