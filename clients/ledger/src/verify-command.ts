import { parseArgs } from 'node:util';
import type { VerifyProgress, VerifyReport, VerifyViolation } from './gen/ledger/v1/ledger_service';
import { LedgerClient } from './ledger-client';

/** Stable: scripts may rely on them. */
const EXIT_VIOLATIONS = 1;
const EXIT_USAGE = 2;
const EXIT_FAILED = 3;

const USAGE = 'usage: verify [--address host:port] [--user ID]';
const BAR_WIDTH = 30;
/** How often a line is written where there is no terminal to write over it. */
const LINE_INTERVAL_MS = 10_000;

/** Where a command writes to; the process itself is one. */
export interface CommandOutput {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: Terminal;
}

interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/**
 * Asks a running server to verify its books. Violations go to standard output, progress to standard error. Returns
 * the exit code; 1 means that there are violations.
 */
export async function verifyCommand(args: string[], output: CommandOutput): Promise<number> {
  const options = readOptions(args);
  if (options === null) {
    output.stderr.write(`${USAGE}\n`);
    return EXIT_USAGE;
  }
  const client = new LedgerClient({ address: options.address });
  const progress = new ProgressLine(output.stderr);
  try {
    for await (const { result } of client.verifyLedger({ userId: options.user ?? '' })) {
      if (result?.$case === 'progress') progress.show(result.value);
      if (result?.$case === 'report') {
        progress.clear();
        return printReport(result.value, output);
      }
    }
    throw new Error('the stream ended without a report');
  } catch (error) {
    progress.clear();
    output.stderr.write(`verify: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT_FAILED;
  } finally {
    client.close();
  }
}

function readOptions(args: string[]): { address?: string; user?: string } | null {
  try {
    return parseArgs({ args, options: { address: { type: 'string' }, user: { type: 'string' } } }).values;
  } catch {
    return null;
  }
}

function printReport(report: VerifyReport, { stdout, stderr }: CommandOutput): number {
  const { valid, accountsChecked, entriesChecked, violations, violationsTruncated } = report;
  for (const violation of violations) stdout.write(`${lineOf(violation)}\n`);
  const count = `${violations.length}${violationsTruncated ? ' violations and more' : ' violations'}`;
  const checked = `${accountsChecked} accounts and ${entriesChecked} entries checked`;
  stderr.write(`${checked}: ${valid ? 'all rules hold' : count}\n`);
  return valid ? 0 : EXIT_VIOLATIONS;
}

/** Who, where, which rule; JSON for names, since somebody may have written anything into them. */
function lineOf({ rule, userId, asset, stripe, sequence, transactionId, detail }: VerifyViolation): string {
  const account = userId === '' ? 'no account' : `${JSON.stringify(userId)} ${JSON.stringify(asset)}`;
  const place = `${account} stripe ${stripe} sequence ${sequence}`;
  return `rule ${rule}: ${place}${transactionId === '' ? '' : ` transaction ${transactionId}`}: ${detail}`;
}

/** A bar that is written over on a terminal, now and then a line elsewhere. */
class ProgressLine {
  #nextLine = 0;

  constructor(private readonly terminal: Terminal) {}

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

if (require.main === module) {
  void verifyCommand(process.argv.slice(2), process).then((code) => {
    process.exitCode = code;
  });
}
