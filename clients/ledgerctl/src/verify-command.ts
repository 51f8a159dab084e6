import { parseArgs } from 'node:util';
import { LedgerClient, type VerifyViolation } from '@ledger/client';
import type { Output } from './surroundings';
import { summaryOf, verifyLedger } from './verification';

/** Stable: scripts may rely on them. */
const EXIT_VIOLATIONS = 1;
const EXIT_USAGE = 2;
const EXIT_FAILED = 3;

const USAGE = 'usage: verify [--address host:port] [--user ID]';

/** Where a command writes to; the process itself is one. */
export interface CommandOutput {
  readonly stdout: Output;
  readonly stderr: Output;
}

/**
 * What `npm run verify` runs: as `ledgerctl verify`, with the output and the exit codes that it had before there was a
 * command line. Asks a running server to verify its books. Violations go to standard output, progress to standard
 * error. Returns the exit code; 1 means that there are violations.
 */
export async function verifyCommand(args: string[], { stdout, stderr }: CommandOutput): Promise<number> {
  const options = readOptions(args);
  if (options === null) {
    stderr.write(`${USAGE}\n`);
    return EXIT_USAGE;
  }
  const client = new LedgerClient({ address: options.address });
  try {
    const report = await verifyLedger(client, { userId: options.user ?? '' }, {}, stderr);
    for (const violation of report.violations) stdout.write(`${lineOf(violation)}\n`);
    stderr.write(`${summaryOf(report)}\n`);
    return report.valid ? 0 : EXIT_VIOLATIONS;
  } catch (error) {
    stderr.write(`verify: ${error instanceof Error ? error.message : String(error)}\n`);
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

/** Who, where, which rule; JSON for names, since somebody may have written anything into them. */
function lineOf({ rule, userId, asset, stripe, sequence, transactionId, detail }: VerifyViolation): string {
  const account = userId === '' ? 'no account' : `${JSON.stringify(userId)} ${JSON.stringify(asset)}`;
  const place = `${account} stripe ${stripe} sequence ${sequence}`;
  return `rule ${rule}: ${place}${transactionId === '' ? '' : ` transaction ${transactionId}`}: ${detail}`;
}

if (require.main === module) {
  void verifyCommand(process.argv.slice(2), process).then((code) => {
    process.exitCode = code;
  });
}
