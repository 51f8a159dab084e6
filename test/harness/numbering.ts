/** Numbers the varying values of one run in the order in which they appear. */
export class Numbering {
  readonly #values = new Map<string, string>();

  /** The text with each value as its kind and number, in the width of the value, so that tables stay aligned. */
  numbered(text: string): string {
    return Object.entries(VARYING).reduce(
      (result, [kind, pattern]) => result.replace(pattern, (value) => this.#numberOf(kind, value)),
      text,
    );
  }

  /** The text with the values in the place of their numbers. */
  valuesFor(text: string): string {
    return [...this.#values].reduce((result, [value, number]) => result.replaceAll(number, value), text);
  }

  #numberOf(kind: string, value: string): string {
    const known = this.#values.get(value);
    if (known !== undefined) return known;
    const count = [...this.#values.values()].filter((number) => number.startsWith(`<${kind} `)).length;
    const width = WIDTHS.get(kind) ?? 0;
    const number = `<${kind} ${count + 1}>`.padEnd(width, '_');
    this.#values.set(value, number);
    return number;
  }
}

/** What differs from run to run. Each value is known by when it first appears. */
const VARYING = {
  id: /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g,
  time: /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g,
  hash: /(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=/g,
  token: /(?<=token:? |Token":"?| "?)A[A-Za-z0-9_-]{20,}/g,
  detail: /(?<="value": ")[A-Za-z0-9+/]+(?=")/g,
  key: /\b[0-9A-F]{32}\b/g,
  address: /\b127\.0\.0\.1:\d+\b/g,
} as const;

/** Of the values in columns of a table. In JSON a time may be shorter. */
const WIDTHS: ReadonlyMap<string, number> = new Map([
  ['id', '00000000-0000-0000-0000-000000000000'.length],
  ['time', '2026-11-20T22:02:42.123623Z'.length],
]);
