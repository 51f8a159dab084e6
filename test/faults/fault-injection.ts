import type { PreparedFault } from './ledger-under-fault';
import type { Random } from './random';

/** How many answers before the strike its targets are looked for. */
const LOCATE_AHEAD = 40;

/** One fault in the midst of a load, at a moment that is a number of answers and not a time. */
export class FaultInjection {
  #state: 'waiting' | 'targeted' | 'injected' | 'recovered' | 'failed' = 'waiting';
  #recovery = Promise.resolve();

  constructor(
    private readonly fault: PreparedFault,
    private readonly atAnswerCount: number,
    private readonly random: Random,
    private readonly onFailure: (what: string) => void,
  ) {}

  /** The ledger is struck and does not serve again yet. */
  get isDown(): boolean {
    return this.#state === 'injected';
  }

  /** The ledger serves again. */
  get isOver(): boolean {
    return this.#state === 'recovered';
  }

  get hasFailed(): boolean {
    return this.#state === 'failed';
  }

  /** Told of every answer, when it comes; injects the fault within this call. */
  answered(answers: number): void {
    if (this.#state === 'waiting' && answers >= this.atAnswerCount - LOCATE_AHEAD) {
      this.fault.locateTargets();
      this.#state = 'targeted';
    }
    if (this.#state !== 'targeted' || answers < this.atAnswerCount) return;
    this.fault.inject();
    this.#state = 'injected';
    this.#recovery = this.#recover();
  }

  /** Resolves when nothing is under way any more. */
  async finished(): Promise<void> {
    await this.#recovery;
  }

  async #recover(): Promise<void> {
    try {
      await this.fault.recover(this.random);
      this.#state = 'recovered';
    } catch (error) {
      this.#state = 'failed';
      this.onFailure(`no recovery: ${String(error)}`);
    }
  }
}
