/** Free pairs of text, as a plain object or as a Map. A Map also takes the key `__proto__`. */
export type Pairs = Readonly<Record<string, string>> | ReadonlyMap<string, string>;

/** The request with `metadata` as a Map, in the writes of a batch too, because the generated messages have Maps. */
export function withMetadataMaps(request: object): object {
  if ('metadata' in request) return { ...request, metadata: mapOf(request.metadata) };
  if ('writes' in request && Array.isArray(request.writes)) {
    return { ...request, writes: request.writes.map(itemWithMap) };
  }
  return request;
}

function itemWithMap(item: unknown): unknown {
  if (!isObject(item) || !('write' in item) || !isObject(item.write)) return item;
  const { write } = item;
  if (!('value' in write) || !isObject(write.value)) return item;
  return { ...item, write: { ...write, value: withMetadataMaps(write.value) } };
}

function mapOf(pairs: unknown): unknown {
  return pairs instanceof Map || !isObject(pairs) ? pairs : new Map(Object.entries(pairs));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
