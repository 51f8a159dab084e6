import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { invalidFields } from './call-error';
import { itemLimits } from './item-limits';
import { requestOf } from './method-limits';

/** Checks the bytes of a request before any object is made of them. Throws CallError INVALID_FIELD. */
export type WireCheck = (bytes: Uint8Array) => void;

/**
 * The check of a method's requests: the items of its lists and maps are counted where they lie. The first list that has
 * far more than its contract allows ends the check; one that has a few more is left to the rules, which name every fault.
 * The first byte that belongs to no message ends it as well. So a request that is far too large for its service costs a
 * walk over its bytes, at most, and no object.
 *
 * @param path of the method: `/ledger.v1.LedgerService/Credit`
 */
export function wireCheck(path: string): WireCheck {
  const request = requestOf(path);
  if (request === undefined) return () => undefined;
  const plan = planOf(request);
  return (bytes) => {
    const walk: Walk = { bytes, at: 0, fieldsLeft: FIELDS_MAX };
    walkMessage(walk, plan, bytes.length);
  };
}

/** Fields of a request with all that is in it, unknown ones too: more than the largest of the contract has. */
const FIELDS_MAX = 100_000;

/** What has to be known of a message to count in it. */
interface MessagePlan {
  /** By their numbers; other fields are skipped. */
  readonly fields: ReadonlyMap<number, FieldPlan>;
}

interface FieldPlan {
  readonly name: string;
  readonly list: { readonly min: number; readonly max: number } | null;
  /** Numbers lie one after the other in one field. */
  readonly isPacked: boolean;
  /** Of a message; null for any other value. */
  readonly message: MessagePlan | null;
}

interface Walk {
  readonly bytes: Uint8Array;
  at: number;
  /** Unknown fields are legal, and cost as much as others. */
  fieldsLeft: number;
}

const plans = new Map<DescMessage, MessagePlan>();

function planOf(message: DescMessage): MessagePlan {
  const known = plans.get(message);
  if (known !== undefined) return known;
  const fields = new Map<number, FieldPlan>();
  const plan = { fields };
  plans.set(message, plan);
  for (const field of message.fields) {
    const list = itemLimits(field) ?? null;
    const inner = field.fieldKind === 'map' || field.message === undefined ? null : planOf(field.message);
    if (list !== null || inner !== null) {
      fields.set(field.number, { name: field.name, list, isPacked: isPackable(field), message: inner });
    }
  }
  return plan;
}

function isPackable(field: DescField): boolean {
  if (field.fieldKind !== 'list') return false;
  return field.listKind === 'enum' || (field.listKind === 'scalar' && !LENGTH_DELIMITED.has(field.scalar));
}

const LENGTH_DELIMITED: ReadonlySet<ScalarType> = new Set([ScalarType.STRING, ScalarType.BYTES]);

/** Walks to `end`. What is found wrong is thrown with the path to it, which grows on the way out. */
function walkMessage(walk: Walk, plan: MessagePlan, end: number): void {
  let counts: Map<FieldPlan, number> | null = null;
  while (walk.at < end) {
    walk.fieldsLeft -= 1;
    if (walk.fieldsLeft < 0) throw refusal('', 'the request has too many fields');
    const tag = readVarint(walk, end);
    const wireType = tag & 7;
    const field = plan.fields.get(tag >>> 3);
    if (field === undefined || wireType !== LENGTH) {
      if (field !== undefined && field.list !== null) counts = counted(counts, field, 1);
      skip(walk, tag >>> 3, wireType, end);
      continue;
    }
    const length = readVarint(walk, end);
    const fieldEnd = walk.at + length;
    if (fieldEnd > end) throw malformed();
    if (field.list !== null) counts = counted(counts, field, field.isPacked ? length : 1);
    if (field.message !== null) walkMessage(walk, field.message, fieldEnd);
    walk.at = fieldEnd;
  }
}

/** Packed numbers are counted by their bytes at this place: each has one at least, and short lists have small numbers. */
function counted(
  counts: Map<FieldPlan, number> | null,
  field: FieldPlan,
  more: number,
): Map<FieldPlan, number> {
  const known = counts ?? new Map<FieldPlan, number>();
  const count = (known.get(field) ?? 0) + more;
  const { min, max } = field.list ?? { min: 0, max: Infinity };
  if (count > FAR_MORE * (field.isPacked ? max * PACKED_BYTES_MAX : max)) {
    throw refusal(field.name, min > 0 ? `must be ${min} to ${max}` : `must be at most ${max}`);
  }
  known.set(field, count);
  return known;
}

/** How many times as many items as are allowed are not looked at any more. */
const FAR_MORE = 2;
/** A varint has at most so many. */
const PACKED_BYTES_MAX = 10;

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const START_GROUP = 3;
const END_GROUP = 4;
const FIXED32 = 5;
/** As deep as the library that decodes goes. */
const GROUPS_MAX = 64;

function skip(walk: Walk, number: number, wireType: number, end: number, depth = 0): void {
  if (number === 0 || depth > GROUPS_MAX) throw malformed();
  if (wireType === VARINT) readVarint(walk, end);
  else if (wireType === FIXED64) walk.at += 8;
  else if (wireType === FIXED32) walk.at += 4;
  else if (wireType === LENGTH) {
    const length = readVarint(walk, end);
    walk.at += length;
  } else if (wireType === START_GROUP) skipGroup(walk, number, end, depth);
  else throw malformed();
  if (walk.at > end) throw malformed();
}

function skipGroup(walk: Walk, number: number, end: number, depth: number): void {
  for (;;) {
    walk.fieldsLeft -= 1;
    if (walk.fieldsLeft < 0) throw refusal('', 'the request has too many fields');
    const tag = readVarint(walk, end);
    if ((tag & 7) === END_GROUP) {
      if (tag >>> 3 !== number) throw malformed();
      return;
    }
    skip(walk, tag >>> 3, tag & 7, end, depth + 1);
  }
}

/** The low 32 bits of a varint, which may have 10 bytes. */
function readVarint(walk: Walk, end: number): number {
  const { bytes } = walk;
  let value = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    if (walk.at >= end) throw malformed();
    const byte = bytes[walk.at] ?? 0;
    walk.at += 1;
    if (shift < 32) value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value >>> 0;
  }
  throw malformed();
}

function refusal(field: string, description: string): Error {
  return invalidFields([{ field, description }], (violation) =>
    violation.field === '' ? violation.description : `${violation.field} ${violation.description}`,
  );
}

/** Whoever decodes it says what is wrong. */
function malformed(): Error {
  return new RangeError('the bytes are not a message');
}
