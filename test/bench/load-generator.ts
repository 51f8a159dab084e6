import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { LoadResult } from './load/load-spec';
import type { ChildMessage, ParentMessage } from './load-generator-messages';

/** A process that generates load. It lives as long as the benchmark, so its code stays warm. */
export class LoadGenerator<Spec> {
  private constructor(private readonly child: ChildProcess) {}

  /** @param script path within this folder of a script that listens as `handleMessages` does */
  static async start<Spec>(script: string): Promise<LoadGenerator<Spec>> {
    const generator = new LoadGenerator<Spec>(
      fork(join(__dirname, script), { execArgv: ['--import', 'tsx'], serialization: 'advanced' }),
    );
    await generator.expect('up');
    return generator;
  }

  /** Connects and prepares everything that need not be measured. */
  async prepare(spec: Spec): Promise<void> {
    this.send({ order: 'prepare', spec });
    await this.expect('prepared');
  }

  /** Runs the prepared work. */
  async run(): Promise<LoadResult> {
    this.send({ order: 'go' });
    return (await this.expect('done')).result;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.disconnect();
    await exited;
  }

  private send(order: ParentMessage<Spec>): void {
    this.child.send(order);
  }

  private async expect<Kind extends ChildMessage['answer']>(
    kind: Kind,
  ): Promise<Extract<ChildMessage, { answer: Kind }>> {
    const given = await new Promise<ChildMessage>((resolve, reject) => {
      const died = (): void => reject(new Error('a load generator exited'));
      this.child.once('exit', died);
      this.child.once('message', (value: ChildMessage) => {
        this.child.off('exit', died);
        resolve(value);
      });
    });
    if (given.answer === 'failed') throw new Error(given.message);
    if (given.answer !== kind) throw new Error(`a load generator sent ${given.answer} instead of ${kind}`);
    return given as Extract<ChildMessage, { answer: Kind }>;
  }
}
