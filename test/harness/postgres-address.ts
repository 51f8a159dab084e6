/** Where the Postgres of a URL listens, as `connect` of node:net takes it: a port, or the socket in a folder. */
export function addressOf(
  { hostname, port }: URL,
  number = Number(port),
): { host: string; port: number } | { path: string } {
  const host = decodeURIComponent(hostname);
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${number}` } : { host, port: number };
}
