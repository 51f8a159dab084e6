import { create, type DescMessage } from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { createValidator, RuntimeError, type Violation } from '@bufbuild/protovalidate';
import { invalidFields, type CallError, type FieldViolation } from './call-error';
import { descriptorRegistry } from './descriptors';

/** Throws CallError INVALID_FIELD that names every field at fault, at most 24. */
export type CheckRequest = (request: Record<string, unknown>) => void;

/**
 * Makes the check of a method's requests by the `buf.validate` rules of its contract, which are nowhere said twice. A
 * rule of the whole request names its field by the last part of its id: `buy_capacity.potion_units`.
 *
 * @param path of the method: `/peepcoins.v1.PeepcoinsService/AddRoute`
 * @throws TypeError when there is no such method, or its request has a oneof or a map, whose values ts-proto keeps in
 *   another form than protovalidate reads
 */
export function requestCheck(path: string): CheckRequest {
  const schema = inputOf(path);
  refuseUnlikeFields(schema, new Set());
  return (request) => {
    // A request is read from its bytes once: protovalidate gets the fields of the message that the handler gets.
    const { kind, violations, error } = validator().validate(schema, create(schema, request));
    if (kind === 'valid') return;
    if (kind === 'invalid') throw invalidFields(violations.map(violationOf), describeViolation);
    // The rules come to nothing on these values: numbers that overflow, a time that is none, far too many items.
    if (error instanceof RuntimeError) throw invalidField('', BEYOND_RULES);
    throw error;
  };
}

/** The error for a field at fault that no rule of the contract can find; in the form that a check gives it. */
export function invalidField(field: string, description: string): CallError<'INVALID_FIELD'> {
  return invalidFields([{ field, description }], describeViolation);
}

const BEYOND_RULES = 'the request has values that no rule can judge';

let shared: ReturnType<typeof createValidator> | undefined;

function validator(): ReturnType<typeof createValidator> {
  shared ??= createValidator({ registry: descriptorRegistry() });
  return shared;
}

function inputOf(path: string): DescMessage {
  const [, service = '', name = ''] = path.split('/');
  const method = descriptorRegistry()
    .getService(service)
    ?.methods.find((each) => each.name === name);
  if (method === undefined) throw new TypeError(`${path} is not in the contract`);
  return method.input;
}

function refuseUnlikeFields(message: DescMessage, seen: Set<DescMessage>): void {
  if (seen.has(message)) return;
  seen.add(message);
  for (const field of message.fields) {
    if (field.fieldKind === 'map' || field.oneof !== undefined) {
      throw new TypeError(`${field.toString()} cannot be checked: it is a map or part of a oneof`);
    }
    if (field.message !== undefined) refuseUnlikeFields(field.message, seen);
  }
}

function violationOf({ field, message, ruleId }: Violation): FieldViolation {
  const path = field.length > 0 ? pathToString(field) : ruleId.slice(ruleId.lastIndexOf('.') + 1);
  return { field: path, description: message };
}

/** The message of a violation; the descriptions of protovalidate are sentences without their subject, or with it. */
function describeViolation({ field, description }: FieldViolation): string {
  return field === '' ? description : `${field}: ${description}`;
}
