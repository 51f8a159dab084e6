import type { LedgerClient, VerifyProgress, VerifyReport } from '@ledger/client';

/** What VerifyLedger answered. */
export interface Verification {
  readonly progress: readonly VerifyProgress[];
  readonly report: VerifyReport;
}

/** Verifies all accounts, or those of a user. */
export async function verify(client: LedgerClient, userId = ''): Promise<Verification> {
  const progress: VerifyProgress[] = [];
  const reports: VerifyReport[] = [];
  for await (const { result } of client.verifyLedger({ userId })) {
    if (result?.$case === 'progress' && reports.length === 0) progress.push(result.value);
    if (result?.$case === 'report') reports.push(result.value);
  }
  const [report, ...more] = reports;
  if (report === undefined || more.length > 0) throw new Error('there must be one report, at the end');
  return { progress, report };
}

/** What a report names: rule, account, stripe and sequence of each violation; each once, sorted. */
export function namesOf({ violations }: VerifyReport): string[] {
  const names = violations.map(({ rule, userId, asset, stripe, sequence }) =>
    [rule, userId, asset, stripe, sequence].join(' '),
  );
  return [...new Set(names)].sort();
}
