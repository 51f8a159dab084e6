import { bucketOf } from '../../services/ledger/src/ledger/bucket';
import type { OpenDatabase } from './test-database';

/** The schemas of all cells of a ledger, the first cell's first. */
export async function cellSchemas(database: Pick<OpenDatabase, 'query'>): Promise<string[]> {
  const rows = await database.query<{ cell: number }>('SELECT cell FROM ledger.cells ORDER BY cell');
  return rows.map(({ cell }) => nameOf(cell));
}

/** The schema of the cell in which a user lies. */
export async function schemaOfUser(database: Pick<OpenDatabase, 'query'>, userId: string): Promise<string> {
  const [row] = await database.query<{ cell: number }>('SELECT cell FROM ledger.buckets WHERE bucket = $1', [
    bucketOf(userId),
  ]);
  return nameOf(row?.cell ?? 0);
}

function nameOf(cell: number): string {
  return cell === 0 ? 'ledger' : `ledger_${cell}`;
}
