import type { Output } from '../command-context';

const BOLD = ['\x1b[1m', '\x1b[22m'] as const;
const RED = ['\x1b[31m', '\x1b[39m'] as const;

/** Colours for one stream. None without a terminal, on a dumb one, or when `NO_COLOR` has any value but the empty one. */
export class Paint {
  readonly #isOn: boolean;

  constructor({ isTTY }: Output, env: Readonly<Record<string, string | undefined>>) {
    this.#isOn = isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  }

  bold(text: string): string {
    return this.#with(BOLD, text);
  }

  red(text: string): string {
    return this.#with(RED, text);
  }

  #with([on, off]: readonly [string, string], text: string): string {
    return this.#isOn ? `${on}${text}${off}` : text;
  }
}
