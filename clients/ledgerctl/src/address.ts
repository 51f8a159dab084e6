import type { CommandContext } from './command-context';
import type { GlobalOptions } from './global-options';
import { ledgerContext, readLedgerContexts } from './ledger-contexts';

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
