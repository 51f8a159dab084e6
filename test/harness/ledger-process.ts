import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { waitUntil } from './wait-until';

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A line of the server's log. */
export interface LogLine {
  readonly msg: string;
  readonly [field: string]: unknown;
}

const PROGRAM = join(__dirname, '..', '..', 'services', 'ledger', 'dist', 'main.js');

/** A start that has to stop an orphaned Postgres and to recover its data. */
const START_LIMIT_MS = 60_000;

/** The built server as a process of its own, so that it can be killed. It gets none of our environment. */
export class LedgerProcess {
  readonly pid: number;
  /** Its log, but for the lines of single calls. */
  readonly lines: LogLine[] = [];
  ending: Ending | undefined;
  errorOutput = '';
  #logOutput = '';

  constructor(settings: Readonly<Record<string, string>>, programArguments: readonly string[] = []) {
    if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: npm run build`);
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(process.execPath, [PROGRAM, ...programArguments], {
      env: { PATH, HOME, LEDGER_LISTEN: '127.0.0.1:0', ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (child.pid === undefined) throw new Error('the server could not be started');
    this.pid = child.pid;
    child.stderr.on('data', (chunk: Buffer) => (this.errorOutput += chunk.toString()));
    createInterface({ input: child.stdout }).on('line', (line) => this.#take(line));
    child.on('close', (code, signal) => (this.ending = { code, signal }));
  }

  /** Everything that it wrote. */
  get output(): string {
    return this.#logOutput + this.errorOutput;
  }

  /** Where it listens, once it does. */
  async listening(): Promise<string> {
    const { address } = await this.logged('listening');
    return String(address);
  }

  /** The first line with this message. Fails when the process ends without it. */
  async logged(msg: string): Promise<LogLine> {
    const find = (): LogLine | undefined => this.lines.find((line) => line.msg === msg);
    const what = `the server logs "${msg}"`;
    await waitUntil(what, () => find() !== undefined || this.ending !== undefined, START_LIMIT_MS);
    const found = find();
    if (found === undefined) throw new Error(`${what}; it ended instead:\n${this.errorOutput}`);
    return found;
  }

  /** How it ended. Fails when it goes on. */
  async ended(limitMs = START_LIMIT_MS): Promise<Ending> {
    await waitUntil(`the server (pid ${this.pid}) ends`, () => this.ending !== undefined, limitMs);
    if (this.ending === undefined) throw new Error('it has not ended');
    return this.ending;
  }

  /** Signals it, unless it is gone. */
  kill(signal: NodeJS.Signals): void {
    if (this.ending !== undefined) return;
    try {
      process.kill(this.pid, signal);
    } catch {
      // It ended in the meantime.
    }
  }

  /** For the end of a test, whatever state it left. Its Postgres may outlive it. */
  async dispose(): Promise<void> {
    this.kill('SIGKILL');
    await this.ended();
  }

  #take(line: string): void {
    this.#logOutput += `${line}\n`;
    // Thousands, and nobody asks for them.
    if (line.includes('"msg":"call"')) return;
    this.lines.push(parse(line));
  }
}

function parse(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    // The last line of a process that was killed.
    return { msg: line };
  }
}
