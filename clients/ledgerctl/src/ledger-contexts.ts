import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CommandContext } from './command-context';
import type { GlobalOptions } from './global-options';
import { UsageError } from './input/usage-error';

/** A ledger under a name. */
export interface LedgerContext {
  /** `host:port`. */
  readonly address: string;
}

/** The ledgers under their names, and the name of the one in use. */
export interface LedgerContexts {
  readonly current?: string;
  readonly contexts: { readonly [name: string]: LedgerContext };
}

const DEFAULT_ADDRESS = '127.0.0.1:50051';

/**
 * The address of the ledger: `--address`, else that of `--context`, else `LEDGER_ADDRESS`, else that of the context in
 * use, else port 50051 of this machine.
 *
 * @throws {UsageError} when there is no such context
 */
export function addressOf(
  { address, context }: Pick<GlobalOptions, 'address' | 'context'>,
  env: CommandContext['env'],
): string {
  if (address !== undefined) return address;
  if (context !== undefined) return ledgerContext(readLedgerContexts(env), context).address;
  const fromEnv = env['LEDGER_ADDRESS'] ?? '';
  if (fromEnv !== '') return fromEnv;
  const stored = readLedgerContexts(env);
  return stored.current === undefined ? DEFAULT_ADDRESS : ledgerContext(stored, stored.current).address;
}

/** `$XDG_CONFIG_HOME/ledgerctl/config.json`, or the same below `~/.config`. */
function ledgerContextsFile(env: CommandContext['env']): string {
  const home = env['XDG_CONFIG_HOME'] ?? '';
  return join(home === '' ? join(homedir(), '.config') : home, 'ledgerctl', 'config.json');
}

/** @throws {UsageError} when the file is damaged */
export function readLedgerContexts(env: CommandContext['env']): LedgerContexts {
  const file = ledgerContextsFile(env);
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

/** Replaces the file as a whole: a concurrent reader sees the old or the new one. */
export function writeLedgerContexts(env: CommandContext['env'], contexts: LedgerContexts): void {
  const file = ledgerContextsFile(env);
  const draft = `${file}.${process.pid}`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(draft, `${JSON.stringify(contexts, null, 2)}\n`);
  renameSync(draft, file);
}

/** @throws {UsageError} when there is none with that name */
export function ledgerContext({ contexts }: LedgerContexts, name: string): LedgerContext {
  const context = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (context !== undefined) return context;
  const names = Object.keys(contexts);
  const known = names.length === 0 ? 'there is none yet' : `there is ${names.join(', ')}`;
  throw new UsageError(`no context ${name}: ${known}; make it with: ledgerctl context set ${name} HOST:PORT`);
}

function parse(text: string): LedgerContexts | null {
  try {
    const value: unknown = JSON.parse(text);
    return isLedgerContexts(value) ? value : null;
  } catch {
    return null;
  }
}

function isLedgerContexts(value: unknown): value is LedgerContexts {
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
