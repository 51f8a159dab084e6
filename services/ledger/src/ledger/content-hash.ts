import { CanonicalBytes } from './canonical-bytes';
import { sha256 } from './sha256';
import { definitionOf, type Command } from './writes';

/** The layout below; stored beside each hash, so that layouts can be distinguished. */
export const CONTENT_HASH_VERSION = 1;

const scratch = new CanonicalBytes();

/**
 * SHA-256 over a command's content in canonical form: equal for two requests that mean the same (whatever the
 * order of their map entries, with defaults left out or spelt out, alone or inside a batch) and come from the same
 * caller, different otherwise. The request id is not content.
 *
 * Layout, in canonical bytes: `ledger.content`, version, rpc name, scope, caller, then the command's own fields in the
 * order that its write gives them (`writeContent`).
 */
export function contentHash(command: Command): Buffer {
  const out = scratch.reset().text('ledger.content').byte(CONTENT_HASH_VERSION);
  out.text(command.kind).text(command.scope).text(command.caller);
  definitionOf(command).writeContent(out, command);
  return sha256(out.bytes());
}

/**
 * SHA-256 over the content of an atomic batch: `ledger.content`, version, `BatchWrite`, caller, byte 1 when the
 * bodies of its results are left out and 0 otherwise, u32 count, then the request id and content hash of each write in
 * order.
 */
export function batchContentHash(
  caller: string,
  omitBodies: boolean,
  writes: readonly { requestId: string; contentHash: Uint8Array }[],
): Buffer {
  const out = scratch.reset().text('ledger.content').byte(CONTENT_HASH_VERSION).text('BatchWrite');
  out
    .text(caller)
    .byte(omitBodies ? 1 : 0)
    .u32(writes.length);
  for (const write of writes) out.text(write.requestId).raw(write.contentHash);
  return sha256(out.bytes());
}
