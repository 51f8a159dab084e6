import type { Format } from './output/render';

/** The options that every command has. */
export interface GlobalOptions {
  readonly address?: string | undefined;
  readonly context?: string | undefined;
  /** In milliseconds. */
  readonly timeout?: number | undefined;
  readonly output: Format;
  /** Amounts are read and shown as integers of the smallest unit of their asset. */
  readonly minor?: boolean | undefined;
}
