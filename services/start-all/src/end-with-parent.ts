/**
 * Loaded into each program before its own code: stops the program when start-all is gone, even when start-all was
 * killed and could not ask it to stop. The channel between the two closes in every case.
 */
import cluster from 'node:cluster';
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';

const STDOUT = 1;

// The server processes of a ledger inherit this module. Their channel leads to that ledger, which stops them itself.
if (cluster.isPrimary && process.channel !== undefined) {
  process.once('disconnect', () => {
    // Nobody reads the log any more, and pino's flushSync() would repeat a write that fails with EPIPE for ever.
    closeSync(STDOUT);
    openSync(devNull, 'w');
    process.kill(process.pid, 'SIGTERM');
  });
  // The channel alone must not keep a program running.
  process.channel.unref();
}
