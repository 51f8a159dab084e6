/** A message field that the contract requires: Protobuf makes every one of them optional. */
export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('a required field is absent');
  return value;
}
