import { query, type Connection } from '../pg/connection';

const insertSecretStatement = {
  name: 'insert_secret',
  text: `INSERT INTO ledger.server_keys (name, secret) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
};
const readSecretStatement = {
  name: 'read_secret',
  text: `SELECT secret FROM ledger.server_keys WHERE name = $1`,
};

/** The secret of that name, which all servers of this database share; the proposed one when there was none. */
export async function getOrCreateSecret(
  connection: Connection,
  name: string,
  proposed: Buffer,
): Promise<Buffer> {
  await query(connection, insertSecretStatement, [name, proposed]);
  const rows = await query<[Buffer]>(connection, readSecretStatement, [name]);
  const [row] = rows;
  if (row === undefined) throw new Error(`the secret ${name} is not in the database`);
  return row[0];
}
