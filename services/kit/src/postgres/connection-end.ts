import type { Client } from 'pg';

/** Gives up on a connection at once: waits for no answer, and whoever waits on it is told. Its pool forgets it. */
export function destroyConnection(client: Client, why: string): void {
  client.connection.stream.destroy();
  // The pool and the QueryRunner let go of it by this event, and not only when the socket has closed.
  client.emit('error', new Error(`Connection terminated: ${why}`));
}

/**
 * What Postgres says on connections that are good for nothing any more: it stops or starts (57P01 to 57P05), the
 * connection failed (08), it takes no writes (25006), which after a failover holds for as long as the connection lives, or
 * the session is not the one that statements were prepared in (26000, 42P05).
 */
const SPENT = /^(08...|57P0[1-5]|25006|26000|42P05)$/;

/**
 * Destroys a connection once Postgres says on it that it is good for nothing any more, so that no pool hands it out
 * again.
 */
export function destroyWhenSpent(client: Client): void {
  // pg handles the message first, so the statement that met the error ends with it.
  client.connection.on('errorMessage', ({ code }: { code?: string }) => {
    if (code !== undefined && SPENT.test(code)) destroyConnection(client, `Postgres said ${code}`);
  });
}
