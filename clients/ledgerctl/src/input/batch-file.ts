import { toBinary } from '@bufbuild/protobuf';
import type { BatchWriteItem, PurchaseRequest } from '@ledger/proto/ledger/v1/ledger_service';
import { codecs, descriptorOf } from '../contract';
import { parseMessage } from './parse-message';
import { UsageError } from './usage-error';

/** The contents of a batch file. */
export interface BatchFile {
  readonly writes: { readonly write: CompleteWrite }[];
  readonly atomic: boolean;
  readonly omitBodies: boolean;
}

/**
 * Reads a `BatchWriteRequest` in proto3 JSON: `{"writes": [{"credit": {"userId": "ada", …}}], "atomic": true}`.
 *
 * @throws {UsageError} that names the place, such as `writes[2].credit.amount`
 */
export function parseBatchFile(text: string): BatchFile {
  const descriptor = descriptorOf('BatchWriteRequest');
  const bytes = toBinary(descriptor, parseMessage(descriptor, text));
  const { writes, atomic, omitBodies } = codecs.BatchWriteRequest.decode(bytes);
  return {
    writes: writes.map(({ write }, at) => ({ write: complete(write, `writes[${at}]`) })),
    atomic,
    omitBodies,
  };
}

type Write = NonNullable<BatchWriteItem['write']>;
type Purchase = PurchaseRequest & { subject: NonNullable<PurchaseRequest['subject']> };
/** A write whose kind is known, and of a purchase also its subject. */
type CompleteWrite = Exclude<Write, { $case: 'purchase' }> | { readonly $case: 'purchase'; value: Purchase };

function complete(write: Write | undefined, place: string): CompleteWrite {
  if (write === undefined) throw new UsageError(`${place}: ${oneOf('BatchWriteItem', 'write')} is needed`);
  if (write.$case !== 'purchase') return write;
  const { subject } = write.value;
  if (subject === undefined) {
    throw new UsageError(`${place}.purchase: ${oneOf('PurchaseRequest', 'subject')} is needed`);
  }
  return { $case: 'purchase', value: { ...write.value, subject } };
}

function oneOf(message: 'BatchWriteItem' | 'PurchaseRequest', name: string): string {
  const members = descriptorOf(message).oneofs.find((oneof) => oneof.name === name)?.fields ?? [];
  return `one of ${members.map(({ jsonName }) => jsonName).join(', ')}`;
}
