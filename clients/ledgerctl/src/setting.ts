import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { GlobalOptions, Session } from './session';
import type { Surroundings } from './surroundings';

/** What a group of commands needs to be made. */
export interface Setting {
  readonly root: CommandUnknownOpts;
  readonly io: Surroundings;
  /** As they were typed; there once a command runs. */
  readonly globalOptions: () => GlobalOptions;
  /** Does the work of a command that asks the ledger. */
  readonly inSession: (work: (session: Session) => Promise<void>) => Promise<void>;
}
