import type { LogSink } from '@ledger/kit/server/log-sink';
import { Program } from './program';

/** The programs that run, in stages: those of a stage need the stages before it. */
export class StartedPrograms {
  readonly #stages: Program[][] = [[]];
  #isStopping = false;
  readonly #output: LogSink;

  /** @param output where they log to */
  constructor(output: LogSink) {
    this.#output = output;
  }

  /** Starts a program in the current stage. Fails once they are being stopped. */
  start(
    name: string,
    file: string,
    variables: Readonly<Record<string, string>>,
    nodeOptions: readonly string[] = [],
  ): Program {
    if (this.#isStopping) throw new Error(`${name} is not started: all are being stopped`);
    const program = new Program(name, file, this.#output, variables, nodeOptions);
    this.#stages.at(-1)?.push(program);
    return program;
  }

  /** What is started from now on needs what was started before. */
  nextStage(): void {
    this.#stages.push([]);
  }

  /** Fails when one of them ends; it never resolves. */
  run(): Promise<never> {
    return Promise.race(this.#stages.flat().map((program) => program.run()));
  }

  /** Stops the last stage first: its programs still finish what they have accepted. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const stage of this.#stages.toReversed()) await Promise.all(stage.map((program) => program.stop()));
  }
}
