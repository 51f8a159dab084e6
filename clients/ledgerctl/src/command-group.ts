import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { CommandContext } from './command-context';
import type { GlobalOptions } from './global-options';
import type { Session } from './session';

/** What it takes to add commands to the program. */
export interface CommandGroup {
  /** The commands are added to this one: `ledgerctl` itself, or one such as `ledgerctl hold`. */
  readonly parent: CommandUnknownOpts;
  readonly context: CommandContext;
  /** The options that every command has, as they were typed. Set once a command runs. */
  readonly globalOptions: () => GlobalOptions;
  /** Reads an amount of an asset as the user writes it, into its smallest unit. */
  readonly parseAmount: (text: string, asset: string) => bigint;
  /** Runs the work of a command that talks to the ledger. */
  readonly inSession: (work: (session: Session) => Promise<void>) => Promise<void>;
}
