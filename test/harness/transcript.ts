import type { LedgerctlShell } from './ledgerctl-shell';
import { Numbering } from './numbering';

const PROMPT = '$ ';

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

/** The commands of a transcript, each with its answer. A line that ends with a backslash goes on in the next. */
export function stepsOf(transcript: string): { command: string; answer: string }[] {
  const [before, ...steps] = transcript.split(/^\$ /m);
  if (before !== '') throw new Error(`before the first command: ${before}`);
  return steps.map((step) => {
    const end = /(?<!\\)\n/.exec(step)?.index ?? step.length;
    return { command: step.slice(0, end), answer: step.slice(end + 1) };
  });
}
