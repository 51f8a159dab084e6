import { getOption, hasOption, type DescField } from '@bufbuild/protobuf';
import { field as fieldRules } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';

/** The most items of a list or a map by the `buf.validate` rules of its contract; undefined when it has no limit. */
export function itemsMax(field: DescField): number | undefined {
  const limits = itemLimits(field);
  return limits?.max;
}

/** The fewest and the most. */
export function itemLimits(field: DescField): { readonly min: number; readonly max: number } | undefined {
  if (!hasOption(field, fieldRules)) return undefined;
  const { type } = getOption(field, fieldRules);
  if (type.case === 'repeated' && type.value.maxItems > 0n) {
    return { min: Number(type.value.minItems), max: Number(type.value.maxItems) };
  }
  if (type.case === 'map' && type.value.maxPairs > 0n) {
    return { min: Number(type.value.minPairs), max: Number(type.value.maxPairs) };
  }
  return undefined;
}
