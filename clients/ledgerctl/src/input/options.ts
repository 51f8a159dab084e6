import {
  type Command,
  type CommandUnknownOpts,
  InvalidArgumentError,
  type OptionValues,
} from '@commander-js/extra-typings';
import type { EntryKind, HoldState, SortOrder, Timestamp } from '@ledger/client';
import { parseInstant, parsePastInstant } from './time';

// The options that several commands share, with their help texts.

type EnumName<Enum> = Exclude<keyof Enum, 'UNSPECIFIED' | 'UNRECOGNIZED'>;

/** Adds examples at the end of the help text. */
export function addExamples<C extends CommandUnknownOpts>(command: C, ...lines: readonly string[]): C {
  command.addHelpText('after', ['', 'Examples:', ...lines.map((line) => `  $ ${line}`)].join('\n'));
  return command;
}

/** Adds the option of every write. */
export function requestIdOption<A extends unknown[], O extends OptionValues, G extends OptionValues>(
  command: Command<A, O, G>,
) {
  return command.option(
    '--request-id <id>',
    'books it once, however often it is sent; a failure is kept as well (default: a random UUID, printed on stderr)',
    requestId,
  );
}

/** Adds the options that describe a transaction. */
export function noteOptions<A extends unknown[], O extends OptionValues, G extends OptionValues>(
  command: Command<A, O, G>,
) {
  return command
    .option('--description <text>', 'free text')
    .option('--reference <key>', 'your own key: ledgerctl transactions --reference finds it')
    .option('--metadata <key=value>', 'a free pair; may be repeated', pair)
    .option(
      '--effective-time <time>',
      'when it took place, for information (RFC 3339 or a day)',
      parseInstant,
    );
}

/** Adds the options that say how much of a list to read. */
export function listOptions<A extends unknown[], O extends OptionValues, G extends OptionValues>(
  command: Command<A, O, G>,
) {
  return command
    .option('--limit <n>', 'how many at most', count, DEFAULT_LIMIT)
    .option('--all', 'all of them')
    .option('--page-token <token>', 'continues where an earlier list ended');
}

/** Adds the options that filter and sort entries or transactions. */
export function historyOptions<A extends unknown[], O extends OptionValues, G extends OptionValues>(
  command: Command<A, O, G>,
) {
  return command
    .option(
      '--start <time>',
      'only what was booked at or after it: RFC 3339, a day (its start in UTC), 1h (ago)',
      pastTime,
    )
    .option('--end <time>', 'only what was booked before it', pastTime)
    .option('--kind <kind>', `only ${KINDS.join(', ').toLowerCase()}; may be repeated`, names(KINDS))
    .option('--order <order>', 'newest or oldest first', name(ORDERS));
}

/** The values of `historyOptions`. */
export interface HistoryOptions {
  readonly start?: Timestamp | undefined;
  readonly end?: Timestamp | undefined;
  readonly kind?: readonly (typeof KINDS)[number][] | undefined;
  readonly order?: (typeof ORDERS)[keyof typeof ORDERS] | undefined;
}

const DEFAULT_LIMIT = 50;

const ORDERS = { newest: 'NEWEST_FIRST', oldest: 'OLDEST_FIRST' } as const satisfies {
  [key: string]: EnumName<typeof SortOrder>;
};

const KINDS = [
  'CREDIT',
  'PURCHASE',
  'TRANSFER',
  'POST',
  'REVERSAL',
  'CAPTURE',
] as const satisfies readonly EnumName<typeof EntryKind>[];

/** The states of a hold. */
export const STATES = ['OPEN', 'CAPTURED', 'RELEASED', 'EXPIRED'] as const satisfies readonly EnumName<
  typeof HoldState
>[];

/** An empty id, such as from an unset variable, would mean a generated one, and a retry would book twice. */
function requestId(text: string): string {
  if (text === '') throw new InvalidArgumentError('It is empty.');
  return text;
}

/** Parses an instant to read at. "Ago" is by the clock of this machine. */
export function pastTime(text: string): Timestamp {
  return parsePastInstant(text, Date.now());
}

/** Parses a repeatable `key=value` option. */
export function pair(text: string, before: { [key: string]: string } = {}): { [key: string]: string } {
  const at = text.indexOf('=');
  const key = text.slice(0, at);
  if (at < 1) throw new InvalidArgumentError('Give it as key=value.');
  if (Object.hasOwn(before, key)) throw new InvalidArgumentError(`${key} is there twice.`);
  return Object.fromEntries([...Object.entries(before), [key, text.slice(at + 1)]]);
}

/** A parser of a repeatable option that takes these names, in upper or lower case. */
export function names<Name extends string>(
  known: readonly Name[],
): (text: string, before?: Name[]) => Name[] {
  return (text, before = []) => {
    const found = known.find((one) => one === text.toUpperCase());
    if (found === undefined)
      throw new InvalidArgumentError(`It is one of ${known.join(', ').toLowerCase()}.`);
    return [...before, found];
  };
}

function name<Value>(known: { readonly [key: string]: Value }): (text: string) => Value {
  return (text) => {
    const found = Object.hasOwn(known, text) ? known[text] : undefined;
    if (found === undefined) throw new InvalidArgumentError(`It is ${Object.keys(known).join(' or ')}.`);
    return found;
  };
}

function count(text: string): number {
  const value = Number(text);
  if (!/^[0-9]{1,7}$/.test(text) || value === 0) throw new InvalidArgumentError('It is a number from 1 on.');
  return value;
}
