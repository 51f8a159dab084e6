import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { LoadResult } from './load/load-spec';
import type { Answer, ParentMessage } from './load-generator-messages';

/** The parent's side of a process that sends load. It lives as long as the benchmark, so its code is always warm. */
export class LoadGenerator<Spec> {
  private constructor(private readonly child: ChildProcess) {}

  /** @param script path within this folder of a script that listens as `handleMessages` does */
  static async start<Spec>(script: string): Promise<LoadGenerator<Spec>> {
    const worker = new LoadGenerator<Spec>(
      fork(join(__dirname, script), { execArgv: ['--import', 'tsx'], serialization: 'advanced' }),
    );
    await worker.answer('up');
    return worker;
  }

  /** Connects, and makes all that can be made before the clock runs. */
  async prepare(spec: Spec): Promise<void> {
    this.order({ order: 'prepare', spec });
    await this.answer('prepared');
  }

  /** Does what was prepared. */
  async run(): Promise<LoadResult> {
    this.order({ order: 'go' });
    return (await this.answer('done')).result;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.disconnect();
    await exited;
  }

  private order(order: ParentMessage<Spec>): void {
    this.child.send(order);
  }

  private async answer<Kind extends Answer['answer']>(
    kind: Kind,
  ): Promise<Extract<Answer, { answer: Kind }>> {
    const given = await new Promise<Answer>((resolve, reject) => {
      const died = (): void => reject(new Error('a load process died'));
      this.child.once('exit', died);
      this.child.once('message', (value: Answer) => {
        this.child.off('exit', died);
        resolve(value);
      });
    });
    if (given.answer === 'failed') throw new Error(given.message);
    if (given.answer !== kind) throw new Error(`a load process said ${given.answer} in place of ${kind}`);
    return given as Extract<Answer, { answer: Kind }>;
  }
}
