import {
  type DescEnum,
  type DescField,
  type DescMessage,
  fromBinary,
  type JsonValue,
  toJson,
} from '@bufbuild/protobuf';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';
import { codecs, descriptorOf, detailTypes, type MessageName, type MessageOf } from '../contract';
import { formatAmount } from './amount';
import { AMOUNTS, COLUMNS, EXACT_FORMS } from './columns';
import { listOf, propertyOf, textOf } from './json';
import type { Table, View } from './render';
import { firstAssetOf, ownChangesOf, reversibleAssetOf } from './transaction-changes';

/**
 * A message as output: its document, and one table for each path. A path such as
 * `transaction.entries` leads to the messages that are the rows. Without a path the message itself is the only row.
 * Tables show amounts with the decimal places of their asset, unless `minor` asks for the smallest unit; the document
 * has proto3 JSON's integers.
 */
export function viewOf<Name extends MessageName>(
  name: Name,
  message: MessageOf<Name>,
  { minor = false }: AmountStyle,
  ...paths: readonly MessagePath<MessageOf<Name>>[]
): View {
  const document = documentOf(name, message);
  const all: Rows = { descriptor: descriptorOf(name), rows: [{ value: document, asset: '' }] };
  const tables = paths.length === 0 ? [all] : paths.map((path) => path.split('.').reduce(fieldOf, all));
  return { document, tables: tables.map((rows) => tableOf(rows, minor)) };
}

/** How tables show amounts. */
export interface AmountStyle {
  readonly minor?: boolean | undefined;
}

/** A message as proto3 JSON that includes fields with their default. */
export function documentOf<Name extends MessageName>(name: Name, message: MessageOf<Name>): JsonValue {
  const descriptor = descriptorOf(name);
  const bytes = codecs[name].encode(message).finish();
  const options = { registry: detailTypes, alwaysEmitImplicit: true };
  return toJson(descriptor, fromBinary(descriptor, bytes), options);
}

/** The fields of a message that hold messages, and those of these messages, with a dot between them. */
export type MessagePath<Message> = {
  [Name in keyof Message & string]: Message[Name] extends Messages<infer Child>
    ? Child extends NoMessage
      ? never
      : Name | `${Name}.${MessagePath<Child>}`
    : never;
}[keyof Message & string];

type Messages<Child extends object> = Child | readonly Child[] | undefined;
type NoMessage = Uint8Array | ReadonlyMap<string, string> | { readonly $case: string };

interface Rows {
  readonly descriptor: DescMessage;
  readonly rows: readonly Row[];
}

interface Row {
  readonly value: JsonValue;
  /** What its amounts are counted in: its own asset, else that of its transaction's first entry. */
  readonly asset: string;
}

function fieldOf({ descriptor, rows }: Rows, name: string): Rows {
  const field = descriptor.field[name];
  if (field?.message === undefined) throw new TypeError(`${descriptor.typeName}.${name} holds no messages`);
  const children = rows.flatMap(({ value, asset }) =>
    listOf(propertyOf(value, field.jsonName)).map((child) => rowOf(child, firstAssetOf(value) ?? asset)),
  );
  return { descriptor: field.message, rows: children };
}

function rowOf(value: JsonValue, inherited: string): Row {
  return { value, asset: textOf(propertyOf(value, 'asset')) ?? reversibleAssetOf(value) ?? inherited };
}

function tableOf({ descriptor, rows }: Rows, minor: boolean): Table {
  const fields = columnsOf(descriptor);
  const amounts = new Set<string>(new Map(Object.entries(AMOUNTS)).get(descriptor.name));
  const cells = rows.map(({ value, asset }) =>
    fields.map((field) => {
      const cell = cellOf(field, exactOf(value, field) ?? propertyOf(value, field.jsonName));
      return amounts.has(field.localName) && cell !== '' ? formatAmount(cell, asset, minor) : cell;
    }),
  );
  const table = { columns: fields.map(({ name }) => name), rows: cells };
  return descriptor.name === 'Transaction' ? withOwnChanges(table, rows, minor) : table;
}

/** What the transactions did to their own user, beside who that is. */
function withOwnChanges({ columns, rows: cells }: Table, rows: readonly Row[], minor: boolean): Table {
  const at = columns.indexOf('user_id') + 1;
  return {
    columns: columns.toSpliced(at, 0, 'asset', 'change'),
    rows: cells.map((row, index) => row.toSpliced(at, 0, ...ownChangesOf(rows[index]?.value, minor))),
  };
}

function columnsOf({ name, fields, typeName }: DescMessage): DescField[] {
  const names = new Map<string, readonly string[]>(Object.entries(COLUMNS)).get(name);
  if (names === undefined) throw new TypeError(`no columns are defined for ${typeName}`);
  return names.flatMap((column) => fields.filter(({ localName }) => localName === column));
}

/** The exact form of a sum that int64 cannot hold; undefined for every other value. */
function exactOf(row: JsonValue, { localName, parent }: DescField): JsonValue | undefined {
  const exact = parent.fields.find((field) => field.localName === EXACT_FORMS.get(localName));
  const value = exact === undefined ? '' : propertyOf(row, exact.jsonName);
  return value === '' ? undefined : value;
}

/** Enum values without the prefix of their enum, absent and empty values as nothing, other objects as JSON. */
function cellOf(field: DescField, value: JsonValue | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'object') return Object.keys(value).length === 0 ? '' : JSON.stringify(value);
  if (field.fieldKind === 'enum') return enumCell(field.enum, String(value));
  return field.message?.typeName === TimestampSchema.typeName ? timeCell(String(value)) : String(value);
}

/** A value that this program does not know is a number in proto3 JSON, and stays one. */
function enumCell({ values }: DescEnum, value: string): string {
  const known = values.find(({ name }) => name === value);
  if (known === undefined) return value;
  return known.number === 0 ? '' : known.localName;
}

/** JSON has as few decimal places as a time needs. In a column all have the six of the ledger, so they sort as text. */
function timeCell(text: string): string {
  return text.replace(/(?:\.(\d+))?Z$/, (_, decimals = '') => `.${String(decimals).padEnd(6, '0')}Z`);
}
