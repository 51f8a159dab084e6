import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Surroundings } from './surroundings';
import { UsageError } from './usage-error';

/** A ledger that has a name. */
export interface Context {
  /** `host:port`. */
  readonly address: string;
}

/** The ledgers that have names, and which is used when none is named. */
export interface Contexts {
  readonly current?: string;
  readonly contexts: { readonly [name: string]: Context };
}

/** `$XDG_CONFIG_HOME/ledgerctl/config.json`, or the same below `~/.config`. */
export function contextsFile(env: Surroundings['env']): string {
  const home = env['XDG_CONFIG_HOME'] ?? '';
  return join(home === '' ? join(homedir(), '.config') : home, 'ledgerctl', 'config.json');
}

/** @throws {UsageError} when the file is damaged */
export function readContexts(env: Surroundings['env']): Contexts {
  const file = contextsFile(env);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { contexts: {} };
    throw error;
  }
  const stored = parse(text);
  if (stored === null) throw new UsageError(`${file} is damaged: repair it, or remove it`);
  return stored;
}

/** Replaces the file as a whole: who reads it meanwhile sees the old or the new one. */
export function writeContexts(env: Surroundings['env'], contexts: Contexts): void {
  const file = contextsFile(env);
  const draft = `${file}.${process.pid}`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(draft, `${JSON.stringify(contexts, null, 2)}\n`);
  renameSync(draft, file);
}

/** @throws {UsageError} when there is none of that name */
export function contextOf({ contexts }: Contexts, name: string): Context {
  const context = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (context !== undefined) return context;
  const names = Object.keys(contexts);
  const known = names.length === 0 ? 'there is none yet' : `there is ${names.join(', ')}`;
  throw new UsageError(`no context ${name}: ${known}; make it with: ledgerctl context set ${name} HOST:PORT`);
}

function parse(text: string): Contexts | null {
  try {
    const value: unknown = JSON.parse(text);
    return isContexts(value) ? value : null;
  } catch {
    return null;
  }
}

function isContexts(value: unknown): value is Contexts {
  return (
    isObject(value) &&
    (value['current'] === undefined || typeof value['current'] === 'string') &&
    isObject(value['contexts']) &&
    Object.values(value['contexts']).every(
      (context) => isObject(context) && typeof context['address'] === 'string',
    )
  );
}

function isObject(value: unknown): value is { [key: string]: unknown } {
  return typeof value === 'object' && value !== null;
}
