import type { LedgerClient, VerifyProgress, VerifyReport } from '@ledger/client';
import type { Output } from './surroundings';

const BAR_WIDTH = 30;
/** How often a line is written where there is no terminal to write over it. */
const LINE_INTERVAL_MS = 10_000;

type VerifyCall = Parameters<LedgerClient['verifyLedger']>;

/**
 * Has a ledger verify its books, and shows on `progressTo` how far it is.
 *
 * @throws {LedgerError} when it could not be carried out; violations are no error
 */
export async function verifyLedger(
  client: LedgerClient,
  request: VerifyCall[0],
  call: VerifyCall[1],
  progressTo: Output,
): Promise<VerifyReport> {
  const progress = new ProgressLine(progressTo);
  try {
    for await (const { result } of client.verifyLedger(request, call)) {
      if (result?.$case === 'progress') progress.show(result.value);
      if (result?.$case === 'report') {
        progress.clear();
        return result.value;
      }
    }
  } catch (error) {
    progress.clear();
    throw error;
  }
  throw new Error('the stream ended without a report');
}

/** How it ended, in a line. */
export function summaryOf(report: VerifyReport): string {
  const { valid, accountsChecked, entriesChecked, violations, violationsTruncated } = report;
  const count = `${violations.length}${violationsTruncated ? ' violations and more' : ' violations'}`;
  const checked = `${accountsChecked} accounts and ${entriesChecked} entries checked`;
  return `${checked}: ${valid ? 'all rules hold' : count}`;
}

/** A bar that is written over on a terminal, now and then a line elsewhere. */
class ProgressLine {
  #nextLine = 0;

  constructor(private readonly terminal: Output) {}

  show({ accountsChecked, accountsTotal, entriesChecked }: VerifyProgress): void {
    const text = `${accountsChecked} of ${accountsTotal} accounts, ${entriesChecked} entries`;
    if (this.terminal.isTTY !== true) {
      if (performance.now() < this.#nextLine) return;
      this.#nextLine = performance.now() + LINE_INTERVAL_MS;
      this.terminal.write(`${text}\n`);
      return;
    }
    // More accounts than at the start may be there by now.
    const share = accountsTotal === 0n ? 1 : Math.min(1, Number(accountsChecked) / Number(accountsTotal));
    const bar = '#'.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '.');
    const line = `[${bar}] ${text}`.slice(0, (this.terminal.columns ?? 80) - 1);
    this.terminal.write(`\r\x1b[K${line}`);
  }

  clear(): void {
    if (this.terminal.isTTY === true) this.terminal.write('\r\x1b[K');
  }
}
