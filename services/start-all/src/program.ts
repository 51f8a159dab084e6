import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const SERVICES = join(__dirname, '..', '..');

/** One of the programs, as a process. Its log goes to standard output, line by line. */
export class Program {
  /** Where it listens, once it does; fails when it ends before. */
  readonly listening: Promise<string>;
  /** How it ended, in words. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;

  /** @param name the folder of the service */
  constructor(
    readonly name: string,
    variables: Readonly<Record<string, string | undefined>>,
  ) {
    this.#child = spawn(process.execPath, [join(SERVICES, name, 'dist', 'main.js')], {
      env: { ...process.env, ...variables },
      stdio: ['ignore', 'pipe', 'inherit'],
      // Ctrl-C goes to the whole group of a terminal: the ledger would stop while the others still need it.
      detached: true,
    });
    this.ended = new Promise((resolve) => {
      this.#child.on('error', (error) => resolve(error.message));
      this.#child.on('close', (code, signal) => resolve(signal ?? `exit code ${String(code)}`));
    });
    const listening = new Promise<string>((resolve) => this.#passOn(resolve));
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
      process.stdout.write(`${line}\n`);
      const address = /"address":"([^"]+)".*"msg":"listening"/.exec(line)?.[1];
      if (address !== undefined) found(address);
    });
  }
}
