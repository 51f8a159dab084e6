import { type DescMessage, fromJson, fromJsonString, type JsonValue, type Message } from '@bufbuild/protobuf';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';
import { parseTime } from './time';
import { UsageError } from './usage-error';

/**
 * Reads a message in proto3 JSON. Field names may be in camel or snake case. Unknown and repeated fields are errors. So
 * are numbers and times that the library would round or move: a number above 2^53 without quotes, 30 February.
 *
 * @throws {UsageError} that names the place, such as `writes[2].credit.amount`
 */
export function parseMessage(descriptor: DescMessage, text: string): Message {
  try {
    assertValid(descriptor, JSON.parse(text) as JsonValue, '');
    // Only the text shows whether a field is there twice.
    return fromJsonString(descriptor, text);
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(describe(error, ''));
  }
}

/** Checks the innermost messages first, since their errors name the place best. */
function assertValid(descriptor: DescMessage, json: JsonValue, path: string): void {
  for (const [key, value] of entriesOf(json)) {
    const field = descriptor.fields.find(({ name, jsonName }) => name === key || jsonName === key);
    const elements = Array.isArray(value)
      ? value.map((one, at) => [`${key}[${at}]`, one] as const)
      : [[key, value] as const];
    for (const [name, element] of elements) {
      const place = path === '' ? name : `${path}.${name}`;
      if (typeof element === 'number' && !Number.isSafeInteger(element)) {
        throw new UsageError(`${place}: an integer is needed, in quotes when it is large`);
      }
      if (field?.message !== undefined && element !== null) assertValid(field.message, element, place);
    }
  }
  try {
    if (descriptor.typeName === TimestampSchema.typeName && typeof json === 'string') parseTime(json);
    fromJson(descriptor, json);
  } catch (error) {
    throw new UsageError(describe(error, path));
  }
}

function entriesOf(json: JsonValue): [string, JsonValue][] {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? Object.entries(json) : [];
}

const LIBRARY_ERROR = /^cannot decode (?<kind>message|field|oneof) (?<name>\S+) from JSON: (?<reason>.*)$/s;

/** The path takes the place of the type name in the library's message; the name of the field at fault is kept. */
function describe(error: unknown, path: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const { kind, name = '', reason = message } = LIBRARY_ERROR.exec(message)?.groups ?? {};
  const places = [path, kind === 'field' ? name.slice(name.lastIndexOf('.') + 1) : ''];
  const place = places.filter((part) => part !== '').join('.');
  return place === '' ? reason : `${place}: ${reason}`;
}
