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
import { COLUMNS } from './columns';
import type { Table, View } from './render';

/**
 * A message as output: its document, and one table for each path. A path such as
 * `transaction.entries` leads to the messages that are the rows. Without a path the message itself is the only row.
 */
export function viewOf<Name extends MessageName>(
  name: Name,
  message: MessageOf<Name>,
  ...paths: readonly MessagePath<MessageOf<Name>>[]
): View {
  const document = documentOf(name, message);
  const all = { descriptor: descriptorOf(name), rows: [document] };
  const tables = paths.length === 0 ? [all] : paths.map((path) => path.split('.').reduce(fieldOf, all));
  return { document, tables: tables.map(tableOf) };
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
  readonly rows: readonly JsonValue[];
}

function fieldOf({ descriptor, rows }: Rows, name: string): Rows {
  const field = descriptor.field[name];
  if (field?.message === undefined) throw new TypeError(`${descriptor.typeName}.${name} holds no messages`);
  return { descriptor: field.message, rows: rows.flatMap((row) => memberOf(row, field) ?? []) };
}

function tableOf({ descriptor, rows }: Rows): Table {
  const fields = columnsOf(descriptor);
  return {
    columns: fields.map(({ name }) => name),
    rows: rows.map((row) => fields.map((field) => cellOf(field, memberOf(row, field)))),
  };
}

function columnsOf({ name, fields, typeName }: DescMessage): DescField[] {
  const names = new Map<string, readonly string[]>(Object.entries(COLUMNS)).get(name);
  if (names === undefined) throw new TypeError(`no columns are defined for ${typeName}`);
  return names.flatMap((column) => fields.filter(({ localName }) => localName === column));
}

function memberOf(row: JsonValue, { jsonName }: DescField): JsonValue | undefined {
  return typeof row === 'object' && row !== null && !Array.isArray(row) ? row[jsonName] : undefined;
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
