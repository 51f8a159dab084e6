import { MESSAGE_FIELDS, type FieldType, type MessageFields } from '@ledger/proto/ledger/v1/fields';
import { shown, valueFault } from './value-fault';

/** A field that cannot be sent as it is. */
export interface FieldViolation {
  /** Its path in the names of the contract, such as `legs[0].change`. */
  readonly field: string;
  readonly description: string;
}

const REQUEST_ID = 'requestId';

/**
 * What callers without a compiler send by mistake, and what encoding would turn into something else: a `Date` for a time,
 * a number for an amount, an id that is undefined. The ledger judges the values themselves.
 *
 * @param generatesIds whether the client makes the request ids that are left out
 */
export function requestViolations(
  message: string,
  request: unknown,
  generatesIds: boolean,
): readonly FieldViolation[] {
  const violations: FieldViolation[] = [];
  new RequestCheck(generatesIds, violations).message(message, request, '');
  return violations;
}

class RequestCheck {
  constructor(
    private readonly generatesIds: boolean,
    private readonly violations: FieldViolation[],
  ) {}

  message(name: string, value: unknown, path: string): void {
    const fields = MESSAGE_FIELDS[name];
    if (fields === undefined) return;
    if (!isPlainObject(value)) {
      this.add(path.replace(/[.]$/, '') || 'request', `must be an object, not ${shown(value)}`);
      return;
    }
    for (const [key, type] of Object.entries(fields)) {
      this.field(key, type, value[key], Object.hasOwn(value, key), path);
    }
    for (const key of Object.keys(value)) {
      if (!Object.hasOwn(fields, key)) this.strangeKey(key, fields, value, path);
    }
  }

  private field(key: string, type: FieldType, value: unknown, isNamed: boolean, path: string): void {
    const field = `${path}${type.name}`;
    if (key === REQUEST_ID && this.generatesIds) this.requestId(value, isNamed, field);
    else if (value === undefined || value === null) {
      if (type.required === true) this.add(field, isNamed ? `is ${String(value)}` : 'is missing');
    } else if (type.list !== true) this.one(type, value, field);
    else if (!Array.isArray(value)) this.add(field, `must be an array, not ${shown(value)}`);
    else value.forEach((item: unknown, index) => this.one(type, item, `${field}[${index}]`));
  }

  /** A request id that is lost on the way here must not become another one with every call. */
  private requestId(value: unknown, isNamed: boolean, field: string): void {
    if (!isNamed) return;
    if (typeof value !== 'string' || value === '') {
      this.add(field, `is ${shown(value)}: leave it out for an id that the client makes`);
    }
  }

  private one(type: FieldType, value: unknown, field: string): void {
    if (type.type === 'message') this.message(type.of ?? '', value, `${field}.`);
    else if (type.type === 'oneof') this.oneof(type.cases ?? {}, value, field);
    else {
      const fault = valueFault(type, value);
      if (fault !== undefined) this.add(`${field}${fault.inside ?? ''}`, fault.description);
    }
  }

  private oneof(cases: MessageFields, value: unknown, field: string): void {
    const { $case: name, value: chosen } = isPlainObject(value) ? value : {};
    const type = typeof name === 'string' && Object.hasOwn(cases, name) ? cases[name] : undefined;
    if (type !== undefined) this.one(type, chosen, fieldOfCase(field, type));
    else this.add(field, `must be { $case, value }, with one of ${Object.keys(cases).join(', ')}`);
  }

  /** Objects may have more than the request needs, but a name that is nearly a field is meant as that field. */
  private strangeKey(key: string, fields: MessageFields, value: object, path: string): void {
    const meant = Object.keys(fields).find((field) => spelling(field) === spelling(key));
    if (meant !== undefined) this.add(`${path}${key}`, `is not a field: write ${meant}`);
    const oneof = Object.entries(fields).find(
      ([name, { cases = {} }]) => Object.hasOwn(cases, key) && !Object.hasOwn(value, name),
    );
    if (oneof !== undefined)
      this.add(`${path}${key}`, `belongs into ${oneof[0]}: { $case: '${key}', value }`);
  }

  private add(field: string, description: string): void {
    this.violations.push({ field, description });
  }
}

/** A oneof has no name on the wire: its field stands beside those around it. */
function fieldOfCase(oneof: string, { name }: FieldType): string {
  return `${oneof.slice(0, oneof.lastIndexOf('.') + 1)}${name}`;
}

function spelling(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
