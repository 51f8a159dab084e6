import { createInterface } from 'node:readline';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from '@ledger/embedded-postgres/embedded-postgres';

/**
 * A server that consists of its embedded Postgres: a process of its own, so that a test can kill it, run it as another
 * user, and load ESM-only packages, which jest's sandbox cannot. Options come as JSON in the first argument; a line
 * `stop` or the end of stdin stops it, a line `exit` ends it without stopping; events go out as lines of JSON.
 */
async function main(): Promise<void> {
  const options = JSON.parse(process.argv[2] ?? '{}') as Omit<EmbeddedPostgresOptions, 'log'>;
  const log: EmbeddedPostgresOptions['log'] = (message, fields) => emit({ event: 'log', message, fields });
  try {
    const postgres = await startEmbeddedPostgres({ ...options, log });
    emit({ event: 'ready', url: postgres.url, pid: postgres.pid, dataDir: postgres.dataDir });
    for await (const command of createInterface({ input: process.stdin })) {
      if (command === 'exit') process.exit(0);
      if (command === 'stop') break;
    }
    await postgres.stop();
    emit({ event: 'stopped' });
    // Let go of the input, and of nothing else: whatever keeps this process alive now is a leak that a test sees.
    process.stdin.destroy();
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    emit({ event: 'failed', name, message });
    process.stdin.destroy();
    process.exitCode = 1;
  }
}

function emit(event: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

void main();
