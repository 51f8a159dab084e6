#!/usr/bin/env node
import { EXIT } from './exit-codes';
import { runProgram } from './program';
import { Stop } from './stop';

const stop = new AbortController();

// Once, so that a second signal ends the program at once.
process.once('SIGINT', () => stop.abort(new Stop(EXIT.interrupted)));
process.once('SIGTERM', () => stop.abort(new Stop(EXIT.terminated)));
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    // The reader has gone, as in `| head`. That is no failure.
    stop.abort(new Stop(EXIT.ok));
  });
}

void runProgram({
  args: process.argv.slice(2),
  env: process.env,
  // A getter, because reading the property opens the stream.
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
}).then((code) => {
  process.exitCode = code;
});
