import type { Readable } from 'node:stream';

/** A stream that text goes to, and whether somebody looks at it. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** All that the program touches of the process: `main.ts` hands it the real one. */
export interface Surroundings {
  /** The arguments after the program's name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Aborted when the user, or the reader of the output, wants no more. */
  readonly signal: AbortSignal;
}
