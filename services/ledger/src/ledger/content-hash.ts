import { CanonicalBytes } from './canonical-bytes';
import type { Annotations, Command, PurchaseSubject, UpdateAccountCommand } from './command';
import { sha256 } from './sha256';

/** The layout below; stored beside each hash, so that a later layout can be told from this one. */
export const CONTENT_HASH_VERSION = 1;

const scratch = new CanonicalBytes();

/**
 * SHA-256 over a command's content in canonical form: equal for two requests that mean the same (whatever the
 * order of their map entries, with defaults left out or spelt out, alone or inside a batch), different otherwise.
 * The request id and the caller are not content.
 *
 * Layout, in canonical bytes: `ledger.content`, version, rpc name, scope, then the command's own fields in the
 * order of its interface.
 */
export function contentHash(command: Command): Buffer {
  const out = scratch.reset().text('ledger.content').byte(CONTENT_HASH_VERSION);
  out.text(command.kind).text(command.scope);
  writeContent(out, command);
  return sha256(out.bytes());
}

/**
 * SHA-256 over the content of an atomic batch: `ledger.content`, version, `BatchWrite`, u32 count, then the request
 * id and content hash of each write in order.
 */
export function batchContentHash(writes: readonly { requestId: string; contentHash: Uint8Array }[]): Buffer {
  const out = scratch.reset().text('ledger.content').byte(CONTENT_HASH_VERSION).text('BatchWrite');
  out.u32(writes.length);
  for (const write of writes) out.text(write.requestId).raw(write.contentHash);
  return sha256(out.bytes());
}

function writeContent(out: CanonicalBytes, command: Command): void {
  switch (command.kind) {
    case 'Credit':
      out.text(command.asset).i64(command.amount).text(command.source);
      writeAnnotations(out, command);
      return;
    case 'Purchase':
      writeSubject(out, command.subject);
      out.text(command.destination);
      writeAnnotations(out, command);
      return;
    case 'Transfer':
      out.text(command.toUserId).text(command.asset).i64(command.amount);
      writeAnnotations(out, command);
      return;
    case 'PostTransaction':
      out.u32(command.legs.length);
      for (const leg of command.legs) {
        out.text(leg.userId).text(leg.asset).i64(leg.change).optionalI64(leg.expectedSequence);
      }
      writeAnnotations(out, command);
      return;
    case 'ReverseTransaction':
      out.text(command.transactionId).i64(command.amount).text(command.description);
      return;
    case 'PlaceHold':
      out.text(command.asset).i64(command.amount).optionalI64(command.expireTime).text(command.destination);
      return;
    case 'CaptureHold':
      out.text(command.holdId).i64(command.amount);
      return;
    case 'ReleaseHold':
      out.text(command.holdId);
      return;
    case 'UpdateAccount':
      writeSettings(out, command);
      return;
    case 'PutItem':
      out.text(command.itemId).text(command.name).text(command.asset).i64(command.price);
      out
        .byte(command.active ? 1 : 0)
        .text(command.grantAsset)
        .i64(command.expectedVersion);
      return;
  }
}

function writeSubject(out: CanonicalBytes, subject: PurchaseSubject): void {
  if (subject.by === 'item') out.byte(1).text(subject.itemId).i64(subject.quantity).i64(subject.priceVersion);
  else out.byte(2).text(subject.asset).i64(subject.amount).text(subject.itemId);
}

function writeSettings(out: CanonicalBytes, command: UpdateAccountCommand): void {
  out.text(command.asset).optionalI64(command.minBalance);
  if (command.frozen === null) out.byte(0);
  else out.byte(1).byte(command.frozen ? 1 : 0);
  if (command.metadata === null) out.byte(0);
  else out.byte(1).pairs(command.metadata);
  out.text(command.etag);
}

function writeAnnotations(out: CanonicalBytes, annotations: Annotations): void {
  out.text(annotations.description).text(annotations.reference);
  out.pairs(annotations.metadata).optionalI64(annotations.effectiveTime);
}
