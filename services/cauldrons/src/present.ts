/** The value of a field that the contract requires. In the generated types every message field is optional. */
export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('a required field is absent');
  return value;
}
