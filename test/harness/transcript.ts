import type { LedgerctlShell } from './ledgerctl-shell';

const PROMPT = '$ ';

/** What differs from run to run. Each value is known by when it first appears. */
const VARYING = {
  id: /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g,
  time: /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g,
  hash: /(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=/g,
  token: /(?<=token:? |Token":"?| "?)A[A-Za-z0-9_-]{20,}/g,
  address: /\b127\.0\.0\.1:\d+\b/g,
} as const;

/** Of the values in columns of a table. In JSON a time may be shorter. */
const WIDTHS: ReadonlyMap<string, number> = new Map([
  ['id', '00000000-0000-0000-0000-000000000000'.length],
  ['time', '2026-11-20T22:02:42.123623Z'.length],
]);

/** A session in a shell as a person sees it: lines that begin with `$ ` were typed, the others were answered. */
export interface Replay {
  /** What was typed and answered this time, with ids, times, hashes and tokens by their number. */
  readonly actual: string;
  /** The transcript in the same form. */
  readonly expected: string;
}

/**
 * Types the commands of a transcript once more. An id, a time or a token that a command takes from an earlier answer is
 * taken from this time's answer.
 *
 * @throws {Error} when a command ends with another code than 0: let the transcript show it by `; echo`
 */
export async function replay(transcript: string, shell: LedgerctlShell): Promise<Replay> {
  const then = new Numbering();
  const now = new Numbering();
  const replayed: Replay[] = [];
  for (const { command, answer } of stepsOf(transcript)) {
    // What no answer has told yet was typed as it stands.
    const typed = then.valuesFor(now.valuesFor(then.numbered(command)));
    const { code, out } = await shell.run(`{ ${typed}\n} 2>&1`);
    if (code !== 0) throw new Error(`exit code ${code} of ${typed}\n${out}`);
    replayed.push({
      expected: `${PROMPT}${then.numbered(command)}\n${then.numbered(answer)}`,
      actual: `${PROMPT}${now.numbered(typed)}\n${now.numbered(out)}`,
    });
  }
  const join = (side: keyof Replay): string => replayed.map((step) => step[side]).join('');
  return { actual: join('actual'), expected: join('expected') };
}

/** What the consoles of a Markdown text show, one after the other. */
export function consolesOf(markdown: string): string {
  return [...markdown.matchAll(/^```console\n(.*?)^```$/gms)].map(([, text = '']) => text).join('');
}

function stepsOf(transcript: string): { command: string; answer: string }[] {
  const [before, ...steps] = transcript.split(/^\$ /m);
  if (before !== '') throw new Error(`before the first command: ${before}`);
  return steps.map((step) => {
    const end = step.indexOf('\n');
    return { command: step.slice(0, end), answer: step.slice(end + 1) };
  });
}

/** Numbers the varying values of one run in the order in which they appear. */
class Numbering {
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
