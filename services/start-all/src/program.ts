import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LogSink } from '@ledger/kit/server/log-sink';

const END_WITH_PARENT = join(__dirname, 'end-with-parent.js');

/**
 * A program in a process of its own. It stops when this process ends, however this one ends. What it writes to its
 * standard output goes to a sink, line by line.
 */
export class Program {
  /** Where it listens: found in its log, or sent by it when that is not for a log. Fails when it ends before. */
  readonly listening: Promise<string>;
  /** How it ended, in words. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;

  /** @param file its compiled main file */
  constructor(
    readonly name: string,
    file: string,
    private readonly output: LogSink,
    variables: Readonly<Record<string, string | undefined>> = {},
    nodeOptions: readonly string[] = [],
  ) {
    this.#child = spawn(process.execPath, [...nodeOptions, '--require', END_WITH_PARENT, file], {
      env: { ...process.env, ...variables },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      // Ctrl-C goes to the whole group of a terminal: the ledger would stop while the others still need it.
      detached: true,
    });
    this.ended = new Promise((resolve) => {
      this.#child.on('error', (error) => resolve(error.message));
      this.#child.on('close', (code, signal) => resolve(signal ?? `exit code ${String(code)}`));
    });
    const listening = new Promise<string>((resolve) => {
      this.#child.on('message', (url) => {
        if (typeof url === 'string') resolve(url);
      });
      this.#passOn(resolve);
    });
    this.listening = Promise.race([listening, this.ended.then((how) => this.#fail(how))]);
    // Nobody may be waiting for it yet, or any more.
    this.listening.catch(() => undefined);
  }

  /** Fails when it ends; it never resolves. */
  async run(): Promise<never> {
    return this.#fail(await this.ended);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Asks it to finish what it has accepted and to end, and waits. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.ended;
  }

  #fail(how: string): never {
    throw new Error(`${this.name} has ended: ${how}`);
  }

  #passOn(found: (address: string) => void): void {
    if (this.#child.stdout === null) return;
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.output.write(`${line}\n`);
      const address = /"address":"([^"]+)".*"msg":"listening"/.exec(line)?.[1];
      if (address !== undefined) found(address);
    });
  }
}
