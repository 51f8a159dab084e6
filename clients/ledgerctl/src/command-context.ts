import type { Readable } from 'node:stream';

/** A stream for text, and whether it is a terminal. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Everything that a command uses of the process. `main.ts` passes the real one. */
export interface CommandContext {
  /** The arguments after the program's name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Aborted when the user interrupts the program, or when nobody reads its output any more. */
  readonly signal: AbortSignal;
}
