import type { CommandGroup } from '../command-group';
import { parseInteger } from '../input/amount';
import { parseInstant } from '../input/time';
import { UsageError } from '../input/usage-error';

/** The cells of a row by the names of their columns. */
export type Cells = Readonly<Record<string, string>>;

/** The columns that each write may fill beside those of all writes. */
const COLUMNS = {
  credit: ['asset', 'amount', 'source'],
  purchase: ['asset', 'amount', 'item_id', 'quantity', 'price_version', 'destination'],
  transfer: ['to_user_id', 'asset', 'amount'],
} as const;
const SHARED = ['write', 'user_id', 'description', 'reference', 'effective_time', 'request_id', 'error'];
const METADATA = 'metadata.';

/** @throws {UsageError} when a column means nothing, which is probably a misspelt name */
export function assertColumns(columns: readonly string[]): void {
  const known = new Set<string>([...SHARED, ...Object.values(COLUMNS).flat()]);
  for (const [at, name] of columns.entries()) {
    if (!known.has(name) && !name.startsWith(METADATA)) {
      throw new UsageError(
        `line 1: column ${name} is unknown; there is ${[...known].join(', ')}, metadata.KEY`,
      );
    }
    if (columns.indexOf(name) !== at) throw new UsageError(`line 1: column ${name} is there twice`);
  }
  if (!columns.includes('user_id')) throw new UsageError('line 1: column user_id is missing');
}

/**
 * The write that a row asks for.
 *
 * @throws {UsageError} when the row cannot be understood
 */
export function writeOf(cells: Cells, requestId: string, parseAmount: CommandGroup['parseAmount']) {
  const kind = cells['write'] ?? '';
  const cell = (name: string): string | undefined => (cells[name] === '' ? undefined : cells[name]);
  const needed = (name: string): string => {
    const value = cell(name);
    if (value === undefined) throw new UsageError(`${name} is empty`);
    return value;
  };
  const effectiveTime = cell('effective_time');
  const shared = {
    requestId,
    description: cell('description'),
    reference: cell('reference'),
    effectiveTime: effectiveTime === undefined ? undefined : parseInstant(effectiveTime),
    metadata: Object.fromEntries(
      Object.entries(cells).flatMap(([name, value]) =>
        name.startsWith(METADATA) && value !== '' ? [[name.slice(METADATA.length), value]] : [],
      ),
    ),
  };
  const price = () => ({ asset: needed('asset'), amount: parseAmount(needed('amount'), needed('asset')) });
  switch (kind) {
    case '':
    case 'credit':
      assertOnly(cells, 'credit');
      return {
        $case: 'credit',
        value: { userId: needed('user_id'), ...price(), source: cell('source'), ...shared },
      } as const;
    case 'transfer':
      assertOnly(cells, kind);
      return {
        $case: kind,
        value: { fromUserId: needed('user_id'), toUserId: needed('to_user_id'), ...price(), ...shared },
      } as const;
    case 'purchase': {
      assertOnly(cells, kind);
      const asset = cell('asset');
      const numbers = {
        quantity: parseInteger(cell('quantity') ?? '1', 'quantity'),
        priceVersion: parseInteger(cell('price_version') ?? '0', 'price_version'),
      };
      const subject =
        asset === undefined
          ? ({ $case: 'item', value: { itemId: needed('item_id'), ...numbers } } as const)
          : ({ $case: 'price', value: { ...price(), itemId: cell('item_id') } } as const);
      return {
        $case: kind,
        value: { userId: needed('user_id'), subject, destination: cell('destination'), ...shared },
      } as const;
    }
    default:
      throw new UsageError(`write ${kind}: it is one of ${Object.keys(COLUMNS).join(', ')}`);
  }
}

/** A value that the write would ignore is refused. */
function assertOnly(cells: Cells, kind: keyof typeof COLUMNS): void {
  const used: readonly string[] = [...SHARED, ...COLUMNS[kind]];
  const isPrice = kind === 'purchase' && (cells['asset'] ?? '') !== '';
  const unused = isPrice ? ['quantity', 'price_version'] : kind === 'purchase' ? ['amount'] : [];
  for (const [name, value] of Object.entries(cells)) {
    if (value === '' || name.startsWith(METADATA)) continue;
    if (!used.includes(name) || unused.includes(name))
      throw new UsageError(`${name} is not for this ${kind}`);
  }
}
