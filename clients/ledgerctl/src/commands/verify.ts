import type { LedgerClient, VerifyReport } from '@ledger/client';
import type { CommandGroup } from '../command-group';
import { ViolationsFound } from '../exit-codes';
import { addExamples } from '../input/options';
import { ProgressLine } from '../output/progress-line';

/** The command that verifies the ledger. */
export function addVerifyCommand({ parent, inSession }: CommandGroup): void {
  const command = parent
    .command('verify')
    .summary('Checks everything that was booked, while others write.')
    .description(
      'Checks sums, balances, sequences, holds and hash chains while others write. Violations are printed, and the ' +
        'exit code is 7 then.',
    )
    .option('--user <user>', 'only the accounts of this user')
    .action(({ user: userId }) =>
      inSession(async (session) => {
        const progress = new ProgressLine(session.context.stderr);
        const report = await readReport(session.client.verifyLedger({ userId }, session.call), progress);
        session.print('VerifyReport', report, 'violations');
        if (!report.valid) throw new ViolationsFound(summaryOf(report));
        session.note(summaryOf(report));
      }),
    );
  addExamples(command, 'ledgerctl verify', 'ledgerctl verify --user lucas -o json > report.json');
}

async function readReport(
  stream: ReturnType<LedgerClient['verifyLedger']>,
  progress: ProgressLine,
): Promise<VerifyReport> {
  try {
    for await (const { result } of stream) {
      if (result?.$case === 'progress') progress.show(result.value);
      if (result?.$case === 'report') return result.value;
    }
  } finally {
    progress.clear();
  }
  throw new Error('the stream ended without a report');
}

function summaryOf(report: VerifyReport): string {
  const { valid, accountsChecked, entriesChecked, violations, violationsTruncated } = report;
  const count = `${violations.length}${violationsTruncated ? ' violations and more' : ' violations'}`;
  const checked = `${accountsChecked} accounts and ${entriesChecked} entries checked`;
  return `${checked}: ${valid ? 'all rules hold' : count}`;
}
