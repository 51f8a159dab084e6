import { LedgerClient } from '@ledger/client';
import { verify } from '../harness/verification';
import type { Bench } from './bench';
import type { Variants } from './variants/variants';

/**
 * Describes every violation found after the run; empty when there is none. The ledger verifies itself (rules 1, 2, 3
 * and 7). This function also counts that each answered write was booked once, with its request, and checks the rows of
 * the other variants.
 */
export async function checkInvariants(bench: Bench, variants: Variants): Promise<string[]> {
  const ledger = await variants.ledger();
  bench.progress('verifying the ledger');
  const client = new LedgerClient({ address: ledger.address });
  try {
    const { report } = await verify(client);
    bench.progress(`${report.accountsChecked} accounts and ${report.entriesChecked} entries verified`);
    const violations = report.violations.map(
      ({ rule, userId, sequence, detail }) => `rule ${rule}: ${userId} ${sequence}: ${detail}`,
    );
    if (!report.valid && violations.length === 0)
      violations.push('the report is not valid but names no violation');
    return [...violations, ...(await checkRequests(bench, variants)), ...(await variants.check())];
  } finally {
    client.close();
  }
}

/** Checks rule 4, that no answered write is missing, and that none was booked twice. */
async function checkRequests(bench: Bench, variants: Variants): Promise<string[]> {
  const expected = variants.ledgerWrites.toString();
  const { rows } = await bench.environment.admin.query<{ fact: string; expected: string; found: string }>(
    `SELECT 'finished requests' AS fact, $1::text AS expected, count(*)::text AS found FROM ledger.requests WHERE code = 0
     UNION ALL SELECT 'transactions', $1, count(*)::text FROM ledger.transactions`,
    [expected],
  );
  return rows
    .filter((row) => row.expected !== row.found)
    .map((row) => `ledger: ${row.found} ${row.fact}, ${row.expected} expected`);
}
