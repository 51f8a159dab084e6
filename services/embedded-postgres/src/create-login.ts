import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

/** What a login may do beyond what it is granted. */
export interface LoginOptions {
  /** It may make databases. */
  readonly createDatabases?: boolean;
}

/**
 * Makes a role that logs in and is no superuser, or takes the one of an earlier start, with a new random password.
 *
 * @param url of the superuser
 * @param name a plain lower-case name
 * @returns the same URL for that role
 */
export async function createLogin(url: string, name: string, options: LoginOptions = {}): Promise<string> {
  const password = randomBytes(24).toString('hex');
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const role = client.escapeIdentifier(name);
    const found = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
    if (found.rowCount === 0) await client.query(`CREATE ROLE ${role}`);
    const mayCreate = options.createDatabases === true ? 'CREATEDB' : 'NOCREATEDB';
    await client.query(
      `ALTER ROLE ${role} LOGIN NOSUPERUSER NOCREATEROLE NOREPLICATION ${mayCreate} PASSWORD '${password}'`,
    );
  } finally {
    await client.end();
  }
  const login = new URL(url);
  login.username = name;
  login.password = password;
  return login.href;
}
