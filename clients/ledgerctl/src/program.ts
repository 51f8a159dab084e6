import { Command, Option } from '@commander-js/extra-typings';
import type { CommandContext } from './command-context';
import type { CommandGroup } from './command-group';
import { addAccountCommands } from './commands/accounts';
import { addBalanceCommands } from './commands/balances';
import { addBatchCommand } from './commands/batch';
import { addBookingCommands } from './commands/booking';
import { addCompletionCommand } from './commands/completion';
import { addContextCommands } from './commands/contexts';
import { addHistoryCommands } from './commands/history';
import { addHoldCommands } from './commands/holds';
import { addImportCommand } from './commands/import';
import { addItemCommands } from './commands/items';
import { addVerifyCommand } from './commands/verify';
import { addWatchCommand } from './commands/watch';
import { EXIT, EXIT_CODE_MEANINGS, type ExitCode, exitCodeOf, isLedgerError, RowsFailed } from './exit-codes';
import { parseAmount } from './input/amount';
import { parseDuration } from './input/duration';
import { addExamples } from './input/options';
import { PROGRAM_NAME } from './output/command-line';
import { errorReport } from './output/error-report';
import { FORMATS } from './output/render';
import { Session } from './session';
import { stopOf } from './stop';

const VERSION = '0.1.0';
/** The width of help texts without a terminal. */
const DEFAULT_WIDTH = 100;

/** Runs the command of the arguments. Prints errors to standard error, and resolves to the exit code. */
export async function runProgram(context: CommandContext): Promise<ExitCode> {
  const root = makeProgram(context);
  try {
    await root.parseAsync(context.args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    const stop = stopOf(context.signal);
    const mayBeBooked = error instanceof RowsFailed || (isLedgerError(error) && error.outcomeUnknown);
    if (stop === undefined || mayBeBooked) context.stderr.write(errorReport(error, context, root.opts()));
    return stop?.exitCode ?? exitCodeOf(error);
  }
}

/** The program with all commands and their help. */
export function makeProgram(context: CommandContext) {
  const root = new Command(PROGRAM_NAME)
    .description(
      'The command line of the ledger. Amounts are in whole units of their asset, with its decimal places: ' +
        '2 and 2.00 of USD/2 are both two dollars. --minor counts the smallest unit instead.',
    )
    .version(VERSION)
    .option('--address <host:port>', 'of the ledger; else --context, LEDGER_ADDRESS, the context in use')
    .option('--context <name>', 'the ledger of this name; see: ledgerctl context')
    .option(
      '--timeout <duration>',
      'for a whole call with its retries: 500ms, 5s, 1m (default: 5s)',
      parseDuration,
    )
    .addOption(
      new Option('-o, --output <format>', 'the form of the output')
        .choices(FORMATS)
        .default('table' as const),
    )
    .option('--minor', 'amounts are integers of the smallest unit, as in JSON: 200 for 2.00 of USD/2')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      getOutHelpWidth: () => context.stdout.columns ?? DEFAULT_WIDTH,
      getErrHelpWidth: () => context.stderr.columns ?? DEFAULT_WIDTH,
    })
    .showHelpAfterError('Add --help to see how it is used.')
    .exitOverride();
  addExamples(root, 'ledgerctl credit lucas PEEP 100', 'ledgerctl balances lucas -o json').addHelpText(
    'after',
    exitCodeHelp(),
  );
  const group: CommandGroup = {
    parent: root,
    context,
    globalOptions: () => root.opts(),
    parseAmount: (text, asset) => parseAmount(text, asset, root.opts().minor === true),
    inSession: (work) => Session.run(context, root.opts(), work),
  };
  addBookingCommands(group);
  addHoldCommands(group);
  addBatchCommand(group);
  addImportCommand(group);
  addBalanceCommands(group);
  addHistoryCommands(group);
  addWatchCommand(group);
  addItemCommands(group);
  addAccountCommands(group);
  addVerifyCommand(group);
  addContextCommands(group);
  addCompletionCommand(group);
  return root;
}

function exitCodeHelp(): string {
  const lines = Object.entries(EXIT_CODE_MEANINGS).map(
    ([code, meaning]) => `  ${code.padStart(3)}  ${meaning}`,
  );
  return ['', 'Exit codes:', ...lines].join('\n');
}
