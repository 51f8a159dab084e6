import { readFileSync } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { BatchWriteItem, BatchWriteResult, Hold, LedgerError, Transaction } from '@ledger/client';
import { parseBatchFile } from '../batch-file';
import { EXIT, exitCodeOf, WritesFailed } from '../exit-codes';
import { addExamples, requestIdOption } from '../options';
import type { LedgerApi } from '../proto-json';
import { section } from '../session';
import type { Setting } from '../setting';
import type { Surroundings } from '../surroundings';
import { UsageError } from '../usage-error';

/** Many writes in one message. */
export function addBatchCommand({ root, io, inSession }: Setting): void {
  const command = requestIdOption(root.command('batch <file>'))
    .summary('Many writes: each by itself, or all in one transaction.')
    .description(
      'Many writes: each by itself, or all in one transaction ("atomic": true). The file (- is standard input) is a ' +
        'BatchWriteRequest in JSON. A write without a requestId gets that of the batch, a dash and its number, from ' +
        '1 on. Ends as the first write that failed would have ended, or with 6 when any may be sent again.',
    )
    .action(async (file, { requestId: given }) => {
      const { writes, atomic } = parseBatchFile(await read(file, io));
      await inSession(async (session) => {
        const requestId = session.requestId(given);
        const named = writes.map((item, at) => withRequestId(item, `${requestId}-${at + 1}`));
        const answer = await session.write(requestId, (id, call) =>
          session.client.batchWrite({ writes: named, atomic, requestId: id }, call),
        );
        const outcomes = answer.results.map((result, at) => outcomeOf(named[at], result, session.api));
        session.print(
          answer,
          section(
            COLUMNS,
            outcomes.map(({ row }) => row),
          ),
        );
        const errors = outcomes.flatMap(({ error }) => error ?? []);
        const cause = errors.find((error) => exitCodeOf(error) === EXIT.unavailable) ?? errors[0];
        if (cause === undefined) return;
        throw new WritesFailed(`${errors.length} of ${writes.length} writes failed`, requestId, cause);
      });
    });
  addExamples(
    command,
    'ledgerctl batch writes.json --request-id payday-2026-11',
    `echo '{"writes":[{"credit":{"userId":"lucas","asset":"PEEP","amount":"5"}}]}' | ledgerctl batch -`,
  );
}

async function read(file: string, { stdin, signal }: Surroundings): Promise<string> {
  if (file === '-') return text(addAbortSignal(signal, stdin));
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** An empty id is none, as in proto3 JSON. */
function withRequestId({ write }: BatchWriteItem, fallback: string): BatchWriteItem {
  const { requestId = '' } = write.value;
  const value = { ...write.value, requestId: requestId === '' ? fallback : requestId };
  return { write: { ...write, value } as BatchWriteItem['write'] };
}

interface Row {
  readonly requestId: string;
  readonly write: string;
  /** `OK`, or why not. */
  readonly outcome: string;
  readonly transactionId: string;
  readonly holdId: string;
  readonly replayed: boolean;
  readonly message: string;
}

const COLUMNS = [
  'requestId',
  'write',
  'outcome',
  'transactionId',
  'holdId',
  'replayed',
  'message',
] as const satisfies readonly (keyof Row)[];

/** What the answers have in common. */
interface Booked {
  readonly transaction?: Transaction | undefined;
  readonly hold?: Hold | undefined;
}

function outcomeOf(
  item: BatchWriteItem | undefined,
  { outcome, replayed }: BatchWriteResult,
  api: LedgerApi,
): { row: Row; error?: LedgerError } {
  const { $case: write = '', value: { requestId = '' } = {} } = item?.write ?? {};
  const row = { requestId, write, replayed, transactionId: '', holdId: '', message: '' };
  if (outcome?.$case === 'error') {
    const error = api.LedgerError.fromStatus(outcome.value, { method: write, requestId, replayed });
    return {
      row: { ...row, outcome: error.reason ?? error.codeName, message: outcome.value.message },
      error,
    };
  }
  const { transaction, hold }: Booked = outcome?.value ?? {};
  const ids = { transactionId: transaction?.transactionId ?? '', holdId: hold?.holdId ?? '' };
  return { row: { ...row, outcome: 'OK', ...ids } };
}
