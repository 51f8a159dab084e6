import { CanonicalBytes } from './canonical-bytes';
import type { Annotations, Command, PurchaseSubject } from './command';
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

function writeAnnotations(out: CanonicalBytes, annotations: Annotations): void {
  out.text(annotations.description).text(annotations.reference);
  out.pairs(annotations.metadata).optionalI64(annotations.effectiveTime);
}
