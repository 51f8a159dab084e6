import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * What the first line of a log says: which program this is, and how it is set. Secrets are left out: of a URL, all but
 * the scheme, the host and the path, and whatever is called a secret, a password, a key or a token.
 *
 * @param folder of the program's package
 */
export function firstLine(settings: object, folder = programFolder()): Readonly<Record<string, unknown>> {
  const told = Object.entries(settings).map(([name, value]) => [name, loggable(name, value)] as const);
  return {
    version: versionOf(folder),
    node: process.version,
    pid: process.pid,
    settings: Object.fromEntries(told),
  };
}

const SECRET_NAME = /secret|password|token|key/i;
const URL_START = /^[a-z][a-z0-9+.-]*:\/\//i;

function loggable(name: string, value: unknown): unknown {
  if (SECRET_NAME.test(name)) return value === null || value === undefined ? value : 'set';
  if (typeof value !== 'string' || !URL_START.test(value)) return value;
  // What cannot be parsed may hold a password anywhere.
  if (!URL.canParse(value)) return 'set';
  const { protocol, host, pathname } = new URL(value);
  return `${protocol}//${host}${pathname}`;
}

/** The main file of a program is dist/main.js. */
function programFolder(): string {
  return dirname(dirname(require.main?.filename ?? ''));
}

function versionOf(folder: string): string {
  try {
    const content: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    if (typeof content === 'object' && content !== null && 'version' in content)
      return String(content.version);
  } catch {
    // Installed without it.
  }
  return 'unknown';
}
