import { Command, Option } from '@commander-js/extra-typings';
import { addAccountCommands } from './commands/accounts';
import { addBalanceCommands } from './commands/balances';
import { addBatchCommand } from './commands/batch';
import { addContextCommands } from './commands/contexts';
import { addHistoryCommands } from './commands/history';
import { addHoldCommands } from './commands/holds';
import { addItemCommands } from './commands/items';
import { addMovementCommands } from './commands/movements';
import { addVerifyCommand } from './commands/verify';
import { addWatchCommand } from './commands/watch';
import { parseDuration } from './duration';
import { EXIT, type ExitCode, exitCodeOf, isLedgerError } from './exit-codes';
import { addExamples } from './options';
import { FORMATS } from './render';
import { reportOf } from './report';
import { PROGRAM_NAME } from './request-line';
import { Session } from './session';
import { stopOf } from './stop';
import type { Surroundings } from './surroundings';

const VERSION = '0.1.0';
/** Of a help text without a terminal. */
const DEFAULT_WIDTH = 100;

/**
 * Carries the arguments out. Returns the exit code; what went wrong has been written to standard error by then.
 */
export async function runProgram(io: Surroundings): Promise<ExitCode> {
  const root = makeProgram(io);
  try {
    await root.parseAsync(io.args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    const stop = stopOf(io.signal);
    const mayBeBooked = isLedgerError(error) && error.outcomeUnknown;
    if (stop === undefined || mayBeBooked) io.stderr.write(reportOf(error, io, root.opts()));
    return stop?.exitCode ?? exitCodeOf(error);
  }
}

/** All commands with their help. */
export function makeProgram(io: Surroundings) {
  const root = new Command(PROGRAM_NAME)
    .description(
      'The command line of the ledger. Amounts are integers of the smallest unit of their asset; of an asset ' +
        'with decimal places, such as USD/2, 12.34 may be typed for 1234.',
    )
    .version(VERSION)
    .option(
      '--address <host:port>',
      'where the ledger is; else --context, LEDGER_ADDRESS, the context in use',
    )
    .option('--context <name>', 'the ledger of this name; see: ledgerctl context')
    .option(
      '--timeout <duration>',
      'for a whole call with its retries: 500ms, 5s, 1m (default: 5s)',
      parseDuration,
    )
    .addOption(
      new Option('-o, --output <format>', 'how it is printed').choices(FORMATS).default('table' as const),
    )
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? DEFAULT_WIDTH,
      getErrHelpWidth: () => io.stderr.columns ?? DEFAULT_WIDTH,
    })
    .showHelpAfterError('Add --help to see how it is used.')
    .exitOverride();
  addExamples(root, 'ledgerctl credit lucas PEEP 100', 'ledgerctl balances lucas -o json').addHelpText(
    'after',
    EXIT_CODES,
  );
  const setting = {
    root,
    io,
    globalOptions: () => root.opts(),
    inSession: (work: (session: Session) => Promise<void>) => Session.run(io, root.opts(), work),
  };
  addMovementCommands(setting);
  addHoldCommands(setting);
  addBatchCommand(setting);
  addBalanceCommands(setting);
  addHistoryCommands(setting);
  addWatchCommand(setting);
  addItemCommands(setting);
  addAccountCommands(setting);
  addVerifyCommand(setting);
  addContextCommands(setting);
  return root;
}

const EXIT_CODES = `
Exit codes:
    0  done
    1  anything that is not below
    2  wrong usage, or a malformed value: nothing was booked
    3  not found
    4  refused: too little money, frozen, not open, or another state
    5  the request id was used for something else, or what was expected is stale
    6  no answer, or none yet: of a write the same request id tells what became of it
    7  verify found violations
  130  stopped by SIGINT, as by Ctrl-C; 143 by SIGTERM
`;
