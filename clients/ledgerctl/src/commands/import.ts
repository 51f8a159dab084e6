import { basename } from 'node:path';
import type { CommandGroup } from '../command-group';
import { RowsFailed } from '../exit-codes';
import { FailuresFile } from '../import/failures-file';
import { type ImportFile, openImportFile } from '../import/import-file';
import { RowImporter } from '../import/row-importer';
import { addExamples, requestIdOption } from '../input/options';
import { UsageError } from '../input/usage-error';
import { commandLine } from '../output/command-line';
import { clearBar, showBar } from '../output/progress-bar';
import type { Session } from '../session';

/** Leaves room in a request id for the line and the number of the try. */
const BASE_ID = /^[ -~]{1,100}$/;

/** The command that books the rows of a CSV file. */
export function addImportCommand({ parent, context, inSession, parseAmount }: CommandGroup): void {
  const command = requestIdOption(parent.command('import <file>'))
    .summary('Books the rows of a CSV file, each once, and collects those that failed.')
    .description(
      'Books the rows of a CSV file (- is standard input) in their order, each by itself. Line 1 names the columns: ' +
        'write (credit, which is the default, purchase or transfer), user_id, to_user_id, asset, amount, source, ' +
        'item_id, quantity, price_version, destination, description, reference, effective_time, metadata.KEY, ' +
        'request_id. A row without a request_id gets the name of the file (or --request-id), a dash and its line, so ' +
        'the file may be imported again: a row that is booked is not booked twice. Rows that failed go to a file that ' +
        'can be imported, with the reason and the request id of the next try.',
    )
    .option('--failures <file>', 'where rows that failed go (default: <file>.failures.csv)')
    .action((file, { requestId, failures }) => {
      if (file === '-' && requestId === undefined) {
        throw new UsageError('standard input has no name to make request ids of: give --request-id');
      }
      const baseId = requestId ?? basename(file);
      if (!BASE_ID.test(baseId)) {
        throw new UsageError(
          'request ids are made of at most 100 printable ASCII characters: give --request-id',
        );
      }
      return inSession(async (session) => {
        const opened = await openImportFile(file, context.stdin);
        const path = failures ?? `${file === '-' ? baseId : file}.failures.csv`;
        const failed = new FailuresFile(path, opened.columns);
        const importer = new RowImporter(session, { baseId, parseAmount, failures: failed });
        await importAll(opened, importer, session);
        printCounts(importer, session, failed);
      });
    });
  addExamples(
    command,
    'ledgerctl import payday-2026-11.csv',
    'ledgerctl import payday-2026-11.csv.failures.csv',
    'ledgerctl import - --request-id payday-2026-11 < rows.csv',
  );
}

/** With a bar on a terminal. */
async function importAll(file: ImportFile, importer: RowImporter, { context }: Session): Promise<void> {
  const { stderr } = context;
  try {
    for await (const row of file.rows) {
      const hasSent = await importer.take(row);
      if (!hasSent || stderr.isTTY !== true) continue;
      showBar(stderr, file.totalBytes === undefined ? 0 : row.bytes / file.totalBytes, importer.summary());
    }
    await importer.finish();
  } finally {
    if (stderr.isTTY === true) clearBar(stderr);
  }
}

function printCounts(importer: RowImporter, session: Session, failures: FailuresFile): void {
  const { booked, replayed, failed, unknown, cause } = importer;
  const path = failed === 0 ? '' : failures.path;
  const counts = { booked, replayed, failed, may_be_booked: unknown };
  session.printView({
    document: { ...counts, failures: path },
    tables: [
      {
        columns: [...Object.keys(counts), 'failures'],
        rows: [[...Object.values(counts).map(String), path]],
      },
    ],
  });
  if (cause === undefined) return;
  const again = commandLine(['import', failures.path]);
  throw new RowsFailed(`${failed} of ${booked + replayed + failed} rows failed`, again, cause);
}
