import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/**
 * A BatchWrite as it came: each of its writes is still in bytes, because to decode ten thousand of them at once would
 * hold everybody else up.
 */
export interface BatchRequest {
  readonly requestId: string;
  readonly atomic: boolean;
  readonly omitBodies: boolean;
  /** Each a BatchWriteItem. Of more than the limit only one more is here. */
  readonly writes: readonly Uint8Array[];
}

/** The most writes of a batch. */
export const WRITES_MAX = 10_000;

/** The largest write of a batch, as large as a request of its own may be. */
export const WRITE_MAX_BYTES = 65_536;

/** Numbers of the fields of ledger.v1.BatchWriteRequest. */
const REQUEST_ID_FIELD = 1;
const WRITES_FIELD = 2;
const ATOMIC_FIELD = 3;
const OMIT_BODIES_FIELD = 4;

/** Reads the message without what is inside of its writes. */
export function readBatchRequest(reader: BinaryReader): BatchRequest {
  const writes: Uint8Array[] = [];
  let [requestId, atomic, omitBodies] = ['', false, false];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === WRITES_FIELD && wireType === WireType.LengthDelimited) {
      const write = reader.bytes();
      if (writes.length <= WRITES_MAX) writes.push(write);
    } else if (field === REQUEST_ID_FIELD && wireType === WireType.LengthDelimited) {
      requestId = reader.string();
    } else if (field === ATOMIC_FIELD && wireType === WireType.Varint) {
      atomic = reader.bool();
    } else if (field === OMIT_BODIES_FIELD && wireType === WireType.Varint) {
      omitBodies = reader.bool();
    } else {
      reader.skip(wireType, field);
    }
  }
  return { requestId, atomic, omitBodies, writes };
}

/** Number of `post_transaction` in ledger.v1.BatchWriteItem, and of `legs` in its request. */
const POST_TRANSACTION_FIELD = 4;
const LEGS_FIELD = 3;
/** A leg takes two bytes at least. */
const LEG_MIN_BYTES = 2;

/**
 * Whether a write of a batch has more legs than a transaction may have, by a look at its bytes: decoded, each of them
 * takes fifty times as long. Bytes that are no message have none.
 */
export function hasTooManyLegs(write: Uint8Array, legsMax: number): boolean {
  if (write.length <= legsMax * LEG_MIN_BYTES) return false;
  try {
    return legsOf(write) > legsMax;
  } catch {
    // Told when it is decoded.
    return false;
  }
}

function legsOf(write: Uint8Array): number {
  let legs = 0;
  forEachField(write, (field, bytes) => {
    if (field !== POST_TRANSACTION_FIELD) return;
    forEachField(bytes, (inner) => {
      if (inner === LEGS_FIELD) legs += 1;
    });
  });
  return legs;
}

/** Calls back with each field that has a length. */
function forEachField(message: Uint8Array, each: (field: number, bytes: Uint8Array) => void): void {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (wireType === WireType.LengthDelimited) each(field, reader.bytes());
    else reader.skip(wireType, field);
  }
}
