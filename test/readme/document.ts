import { stepsOf } from '../harness/transcript';

/** A command of a document, and what the document shows as its answer; undefined where it shows none. */
export interface Step {
  readonly command: string;
  readonly answer: string | undefined;
}

/** A block of commands in a Markdown text. */
export interface Block {
  /** Where its content begins and ends in the text. */
  readonly start: number;
  readonly end: number;
  /** `sh` has commands alone; `console` has commands behind a prompt, and what they print. */
  readonly kind: 'sh' | 'console';
  readonly steps: readonly Step[];
}

const BLOCK = /^```(?<kind>sh|console)\n(?<content>.*?)^```$/gms;

/** The blocks of commands in the order of the text. Other blocks are for reading. */
export function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(BLOCK)].map(({ index, groups }) => {
    const { kind = '', content = '' } = groups ?? {};
    const start = index + '```\n'.length + kind.length;
    const place = { start, end: start + content.length };
    if (kind === 'console') return { ...place, kind, steps: stepsOf(content) };
    return {
      ...place,
      kind: 'sh',
      steps: linesOf(content).map((command) => ({ command, answer: undefined })),
    };
  });
}

/** A line that ends with a backslash goes on in the next. */
function linesOf(content: string): string[] {
  return content.split(/(?<!\\)\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'));
}
