import type { Command, CommandOfKind } from '../ledger/writes';
import { RequestValidator } from './validator';
import type { BatchCase, WriteMapping } from './write-mapping';
import { captureHold } from './writes/capture-hold';
import { credit } from './writes/credit';
import { placeHold } from './writes/place-hold';
import { postTransaction } from './writes/post-transaction';
import { purchase } from './writes/purchase';
import { putItem } from './writes/put-item';
import { releaseHold } from './writes/release-hold';
import { reverseTransaction } from './writes/reverse-transaction';
import { transfer } from './writes/transfer';
import { updateAccount } from './writes/update-account';

/** How every write looks from outside: a row for each row of `ledger/writes.ts`, or it does not compile. */
export const writeMappings: { readonly [Kind in Command['kind']]: WriteMapping<CommandOfKind<Kind>> } = {
  Credit: credit,
  Purchase: purchase,
  Transfer: transfer,
  PostTransaction: postTransaction,
  ReverseTransaction: reverseTransaction,
  PlaceHold: placeHold,
  CaptureHold: captureHold,
  ReleaseHold: releaseHold,
  UpdateAccount: updateAccount,
  PutItem: putItem,
};

/** The command of a request; what is wrong with the request is collected in the validator. */
export function toCommand(mapping: WriteMapping, request: unknown, validator: RequestValidator): Command {
  return mapping.toCommand(request, mapping.scopeOf(request), validator);
}

/**
 * The command of a request.
 *
 * @throws CallError INVALID_FIELD with all that is wrong with the request
 */
export function toValidCommand(mapping: WriteMapping, request: unknown): Command {
  const validator = new RequestValidator();
  const command = toCommand(mapping, request, validator);
  validator.throwIfInvalid();
  return command;
}

const byBatchName = new Map<string, WriteMapping>();
for (const mapping of Object.values<WriteMapping>(writeMappings)) {
  if (mapping.batch !== null) byBatchName.set(mapping.batch.name, mapping);
}

/** The write of a field in the oneof of BatchWriteItem; a field without a row does not compile. */
export function mappingOfBatchField(name: BatchCase & Uncapitalize<Command['kind']>): WriteMapping {
  const mapping = byBatchName.get(name);
  if (mapping === undefined) throw new TypeError(`${name} is not a write of a batch`);
  return mapping;
}

const byStreamNumber = new Map(
  Object.values<WriteMapping>(writeMappings).map((mapping) => [mapping.streamNumber, mapping]),
);

/** The write of a field in the oneof of WriteStreamItem; undefined for a field that is none. */
export function mappingOfStreamField(number: number): WriteMapping | undefined {
  return byStreamNumber.get(number);
}
