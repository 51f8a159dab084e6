import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { EmbeddedPostgresError, errorMessage } from './embedded-postgres-error';

/**
 * Below the ephemeral port ranges of Linux and macOS. While Postgres restarts, an outgoing connection could take a port
 * from those ranges; a client that retries a closed port there can even connect to itself and so keep the port.
 */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_000;
const MAX_PROBES = 50;

/**
 * A port of 127.0.0.1 that is free now. Another process may take it a moment later.
 *
 * @throws EmbeddedPostgresError when no probe finds one
 */
export async function findFreePort(): Promise<number> {
  let lastError: unknown;
  for (let probe = 0; probe < MAX_PROBES; probe += 1) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT);
    try {
      await bindOnce(port);
      return port;
    } catch (error) {
      lastError = error;
    }
  }
  throw new EmbeddedPostgresError(
    `No free port was found on 127.0.0.1 in ${MAX_PROBES} tries (${errorMessage(lastError)}). ` +
      'Free some, or set DATABASE_URL to a Postgres of your own.',
  );
}

function bindOnce(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => probe.close(() => resolve()));
  });
}
