import type { CanonicalBytes } from './canonical-bytes';
import type { Metadata } from './transaction';

/** What a caller may say about a transaction. */
export interface Annotations {
  readonly description: string;
  readonly reference: string;
  readonly metadata: Metadata;
  /** Microseconds since 1970. */
  readonly effectiveTime: bigint | null;
}

/** Annotations as part of a command's content: description, reference, metadata, optional effective time. */
export function writeAnnotations(out: CanonicalBytes, annotations: Annotations): void {
  out.text(annotations.description).text(annotations.reference);
  out.pairs(annotations.metadata).optionalI64(annotations.effectiveTime);
}
