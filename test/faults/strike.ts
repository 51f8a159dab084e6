import type { Blow } from './ledger-under-fault';
import type { Random } from './random';

/** How many answers before the strike its targets are looked for. */
const AIM_AHEAD = 40;

/** One fault in the midst of a load, at a moment that is a number of answers and not a time. */
export class Strike {
  #state: 'waiting' | 'aimed' | 'struck' | 'recovered' | 'failed' = 'waiting';
  #recovery = Promise.resolve();

  constructor(
    private readonly blow: Blow,
    private readonly atAnswer: number,
    private readonly random: Random,
    private readonly onFailure: (what: string) => void,
  ) {}

  /** The ledger is struck and does not serve again yet. */
  get isDown(): boolean {
    return this.#state === 'struck';
  }

  /** The ledger serves again. */
  get isOver(): boolean {
    return this.#state === 'recovered';
  }

  get hasFailed(): boolean {
    return this.#state === 'failed';
  }

  /** Told of every answer, when it comes; strikes within this call. */
  answered(answers: number): void {
    if (this.#state === 'waiting' && answers >= this.atAnswer - AIM_AHEAD) {
      this.blow.aim();
      this.#state = 'aimed';
    }
    if (this.#state !== 'aimed' || answers < this.atAnswer) return;
    this.blow.strike();
    this.#state = 'struck';
    this.#recovery = this.#recover();
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    await this.#recovery;
  }

  async #recover(): Promise<void> {
    try {
      await this.blow.recover(this.random);
      this.#state = 'recovered';
    } catch (error) {
      this.#state = 'failed';
      this.onFailure(`no recovery: ${String(error)}`);
    }
  }
}
