import type { Variables } from '@ledger/kit/server/environment';
import { ConfigError } from '@ledger/kit/server/environment';
import type { ExitCode } from '@ledger/kit/server/exit-code';

/** What a command reads and writes besides its arguments; the process itself is one. */
export interface CommandContext {
  readonly env: Variables;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** A subcommand of ledger-server. Throws ConfigError for arguments and settings that cannot be used. */
export type Command = (args: readonly string[], context: CommandContext) => Promise<ExitCode>;

/** For commands that take no arguments. */
export function expectNoArguments(name: string, args: readonly string[]): void {
  if (args.length > 0) throw new ConfigError(`usage: ledger-server ${name}`);
}
