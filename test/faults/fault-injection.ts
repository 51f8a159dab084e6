import type { PreparedFault } from './ledger-under-fault';
import type { Random } from '../harness/random';

/** How many responses before the injection its targets are located. */
const LOCATE_AHEAD = 40;

/** Injects one fault during a load. The moment is a number of responses, not a time. */
export class FaultInjection {
  #state: 'waiting' | 'targeted' | 'injected' | 'recovered' | 'failed' = 'waiting';
  #recovery = Promise.resolve();

  constructor(
    private readonly fault: PreparedFault,
    private readonly atAnswerCount: number,
    private readonly random: Random,
    private readonly onFailure: (what: string) => void,
  ) {}

  /** Whether the fault was injected and the ledger does not serve again yet. */
  get isDown(): boolean {
    return this.#state === 'injected';
  }

  /** Whether the ledger serves again. */
  get isOver(): boolean {
    return this.#state === 'recovered';
  }

  get hasFailed(): boolean {
    return this.#state === 'failed';
  }

  /** To be called at every response. Injects the fault within this call when it is time. */
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

  /** Resolves when the recovery has ended, successfully or not. */
  async finished(): Promise<void> {
    await this.#recovery;
  }

  async #recover(): Promise<void> {
    try {
      await this.fault.recover(this.random);
      this.#state = 'recovered';
    } catch (error) {
      this.#state = 'failed';
      this.onFailure(`the ledger did not recover: ${String(error)}`);
    }
  }
}
