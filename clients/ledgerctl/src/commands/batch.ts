import { readFileSync } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { text } from 'node:stream/consumers';
import type {
  BatchWriteItem,
  BatchWriteResult,
  BatchWriteSummary,
  Hold,
  LedgerError,
  Transaction,
} from '@ledger/client';
import type { CommandContext } from '../command-context';
import type { CommandGroup } from '../command-group';
import { EXIT, exitCodeOf, WritesFailed } from '../exit-codes';
import { addExamples, requestIdOption } from '../input/options';
import { UsageError } from '../input/usage-error';
import type { Session } from '../session';

/** The command that sends many writes in one message. */
export function addBatchCommand({ parent, context, inSession }: CommandGroup): void {
  const command = requestIdOption(parent.command('batch <file>'))
    .summary('Many writes: each by itself, or all in one transaction.')
    .description(
      'Many writes: each by itself, or all in one transaction ("atomic": true). The file (- is standard input) is a ' +
        'BatchWriteRequest in proto3 JSON. A write without a requestId gets that of the batch, a dash and its number, ' +
        'from 1 on. The exit code is that of the first write that failed, or 6 when any of them may be sent again.',
    )
    .action(async (file, { requestId: given }) => {
      const json = await read(file, context);
      await inSession(async (session) => {
        // Not imported above: it loads the descriptors.
        const { parseBatchFile } = await import('../input/batch-file.js');
        const { writes, atomic, omitBodies } = parseBatchFile(json);
        const requestId = session.requestId(given);
        for (const [at, { write }] of writes.entries()) {
          if (write.value.requestId === '') write.value.requestId = `${requestId}-${at + 1}`;
        }
        const response = await session.write(requestId, (id, call) =>
          session.client.batchWrite({ writes, atomic, omitBodies, requestId: id }, call),
        );
        const outcomes = response.results.map((result, at) => outcomeOf(writes[at], result, session.api));
        const document = session.views.documentOf('BatchWriteResponse', response);
        session.printView({ document, tables: [{ columns: COLUMNS, rows: outcomes.map(({ row }) => row) }] });
        const errors = outcomes.flatMap(({ error }) => error ?? []);
        const cause = errors.find((error) => exitCodeOf(error) === EXIT.unavailable) ?? errors[0];
        if (cause === undefined) return;
        throw new WritesFailed(countsOf(writes.length, errors), requestId, cause);
      });
    });
  addExamples(
    command,
    'ledgerctl batch writes.json --request-id payday-2026-11',
    `echo '{"writes":[{"credit":{"userId":"lucas","asset":"PEEP","amount":"5"}}]}' | ledgerctl batch -`,
  );
}

/** What became of the writes, in words. */
function countsOf(all: number, errors: readonly LedgerError[]): string {
  const unknown = errors.filter(({ outcomeUnknown }) => outcomeUnknown).length;
  const counts = [
    `${all - errors.length} booked`,
    ...(unknown === errors.length ? [] : [`${errors.length - unknown} not booked`]),
    ...(unknown === 0 ? [] : [`${unknown} may have been booked`]),
  ];
  return `${errors.length} of ${all} writes failed: ${counts.join(', ')}`;
}

async function read(file: string, { stdin, signal }: CommandContext): Promise<string> {
  if (file === '-') return text(addAbortSignal(signal, stdin));
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

const COLUMNS = ['request_id', 'write', 'outcome', 'transaction_id', 'hold_id', 'replayed', 'message'];

/** The fields that the responses of several writes have in common. */
interface Booked {
  readonly transaction?: Transaction | undefined;
  readonly hold?: Hold | undefined;
}

/** The row of a write under `COLUMNS`, and why it failed. */
function outcomeOf(
  item: BatchWriteItem | undefined,
  { outcome, replayed }: BatchWriteResult,
  api: Session['api'],
): { readonly row: string[]; readonly error?: LedgerError } {
  const { $case: write = '', value: { requestId = '' } = {} } = item?.write ?? {};
  if (outcome?.$case === 'error') {
    const error = api.LedgerError.fromStatus(outcome.value, { method: write, requestId, replayed });
    const { message } = outcome.value;
    return {
      row: [requestId, write, error.reason ?? error.codeName, '', '', String(replayed), message],
      error,
    };
  }
  if (outcome?.$case === 'summary')
    return outcomeOfSummary(outcome.value, { write, requestId, replayed }, api);
  const { transaction, hold }: Booked = outcome?.value ?? {};
  const ids = [transaction?.transactionId ?? '', hold?.holdId ?? ''];
  return { row: [requestId, write, 'OK', ...ids, String(replayed), ''] };
}

/** The same of a batch whose bodies were left out. */
function outcomeOfSummary(
  { code, reason, transactionId, holdId }: BatchWriteSummary,
  { write, requestId, replayed }: { write: string; requestId: string; replayed: boolean },
  api: Session['api'],
): { readonly row: string[]; readonly error?: LedgerError } {
  if (code === 0) return { row: [requestId, write, 'OK', transactionId, holdId, String(replayed), ''] };
  const errorInfo = { reason: api.ErrorReason[reason], domain: 'ledger.v1', metadata: new Map() };
  const text = 'the batch omits its bodies';
  const error = new api.LedgerError({
    ...{ code, text, method: write, requestId, replayed },
    details: { errorInfo },
  });
  return { row: [requestId, write, error.reason ?? error.codeName, '', '', String(replayed), ''], error };
}
