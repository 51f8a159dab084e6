import { VIOLATION } from '../columns';
import { ViolationsFound } from '../exit-codes';
import { addExamples } from '../options';
import { section } from '../session';
import type { Setting } from '../setting';
import { summaryOf, verifyLedger } from '../verification';

/** Whether the books are right. */
export function addVerifyCommand({ root, inSession }: Setting): void {
  const command = root
    .command('verify')
    .summary('Checks the books, while others write.')
    .description(
      'Checks sums, balances, sequences, holds and hash chains while others write. Violations are printed, and end ' +
        'it with exit code 7.',
    )
    .option('--user <user>', 'only the accounts of this user')
    .action(({ user: userId }) =>
      inSession(async (session) => {
        const report = await verifyLedger(session.client, { userId }, session.call, session.io.stderr);
        session.print(report, section(VIOLATION, report.violations));
        if (!report.valid) throw new ViolationsFound(summaryOf(report));
        session.note(summaryOf(report));
      }),
    );
  addExamples(command, 'ledgerctl verify', 'ledgerctl verify --user lucas -o json > report.json');
}
