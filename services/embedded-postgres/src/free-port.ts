import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { EmbeddedPostgresError, errorMessage } from './embedded-postgres-error';

/**
 * Below the ranges that Linux and macOS give to outgoing connections. A port from those could be taken by one while
 * Postgres restarts, and a client that knocks at a closed one can even end up connected to itself and keep it.
 */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_000;
const MAX_PROBES = 50;

/** A port of 127.0.0.1 that is free now; it may be taken a moment later. */
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
