import { startEmbeddedPostgres } from '@ledger/embedded-postgres/embedded-postgres';

/** Runs the embedded Postgres until SIGTERM. Its URL holds a password, so it goes to start-all and to no log. */
async function main(): Promise<void> {
  const signal = new Promise((resolve) => process.once('SIGTERM', resolve));
  const postgres = await startEmbeddedPostgres({
    dataDir: process.env['LEDGER_DATA_DIR'] ?? '.data',
    log: say,
  });
  process.send?.(postgres.url);
  await signal;
  await postgres.stop();
}

function say(text: string): void {
  process.stderr.write(`start-all: ${text}\n`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    say(error instanceof Error ? error.message : String(error));
    process.exit(1);
  },
);
