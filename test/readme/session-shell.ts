import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { waitUntil } from '../harness/wait-until';

/** How a command ended, and all that it wrote. */
export interface Typed {
  readonly code: number;
  readonly output: string;
}

const COMMAND_LIMIT_MS = 600_000;
const SERVER_LIMIT_MS = 900_000;

/** One shell in which a person works from the first command to the last, and the server in a second one. */
export class SessionShell {
  readonly #bash: ChildProcessWithoutNullStreams;
  readonly #env: NodeJS.ProcessEnv;
  #output = '';
  #count = 0;
  #server: { readonly child: ChildProcess; readonly ended: Promise<unknown> } | undefined;

  constructor(
    private readonly directory: string,
    home: string,
  ) {
    const { PATH = '' } = process.env;
    const npm = Object.entries(process.env).filter(([name]) => /^npm_config_/i.test(name));
    this.#env = { PATH, HOME: home, ...Object.fromEntries(npm) };
    this.#bash = spawn('bash', ['--noprofile', '--norc'], { cwd: directory, env: this.#env });
    for (const stream of [this.#bash.stdout, this.#bash.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    }
    this.#bash.stdin.write('shopt -s expand_aliases\nexec 2>&1\n');
  }

  /** Types a command and waits until it has ended. */
  async run(command: string): Promise<Typed> {
    this.#count += 1;
    const mark = `__ended_${this.#count}__`;
    const ended = new RegExp(`${mark} (\\d+)\\n`);
    this.#output = '';
    // By eval, so that a command that reads its input does not read the next one.
    const quoted = `'${command.replaceAll("'", String.raw`'\''`)}'`;
    this.#bash.stdin.write(`eval ${quoted} </dev/null\nprintf '%s %d\\n' ${mark} $?\n`);
    await waitUntil(`${command} ends`, () => ended.test(this.#output), COMMAND_LIMIT_MS);
    const found = ended.exec(this.#output);
    return { code: Number(found?.[1]), output: this.#output.slice(0, found?.index) };
  }

  /** Starts a server in a terminal of its own, in the place of the one before, and waits until it says that it is up. */
  async serve(command: string, ready: RegExp): Promise<void> {
    await this.stopServer();
    const child = spawn('bash', ['-c', command], {
      ...{ cwd: this.directory, env: this.#env, detached: true },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    let code: number | null | undefined;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        if (!line.startsWith('{')) said += `${line}\n`;
      });
    }
    const ended = once(child, 'close').then(([status]) => (code = status as number | null));
    this.#server = { child, ended };
    await waitUntil(`${command} is up`, () => ready.test(said) || code !== undefined, SERVER_LIMIT_MS);
    if (!ready.test(said)) throw new Error(`${command} ended with ${String(code)}:\n${said}`);
  }

  /** Ctrl-C in the server's terminal. */
  async stopServer(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    // The whole group, as a terminal does.
    if (isRunning(server.child)) process.kill(-(server.child.pid ?? 0), 'SIGINT');
    await server.ended;
  }

  async close(): Promise<void> {
    await this.stopServer();
    this.#bash.stdin.end();
    if (isRunning(this.#bash)) await once(this.#bash, 'close');
  }
}

function isRunning({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null;
}
