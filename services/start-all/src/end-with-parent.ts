/**
 * Loaded into each program before its own code: stops the program when start-all is gone, even when start-all was
 * killed and could not ask it to stop. The channel between the two closes in every case.
 */
import cluster from 'node:cluster';

// The server processes of a ledger inherit this module. Their channel leads to that ledger, which stops them itself.
if (cluster.isPrimary && process.channel !== undefined) {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  // The channel alone must not keep a program running.
  process.channel.unref();
}
