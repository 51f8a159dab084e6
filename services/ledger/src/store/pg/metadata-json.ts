import { sortedMetadata, type Metadata } from '../../ledger/transaction';

/** Pairs as a JSON object. */
export function metadataJson(metadata: Metadata): string {
  return metadata.length === 0 ? '{}' : JSON.stringify(Object.fromEntries(metadata));
}

/** Pairs from a JSON object. */
export function metadataOf(json: Readonly<Record<string, string>>): Metadata {
  return sortedMetadata(new Map(Object.entries(json)));
}
