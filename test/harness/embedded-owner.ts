import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

export interface OwnerOptions {
  readonly dataDir: string;
  readonly startTimeoutMs?: number;
  readonly stopTimeoutMs?: number;
  readonly settings?: Record<string, string>;
  readonly binDir?: string;
}

export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

interface OwnerEvent {
  readonly event: string;
  readonly message?: string;
  readonly name?: string;
  readonly url?: string;
  readonly pid?: number;
  readonly fields?: Record<string, unknown>;
}

const EVENT_LIMIT_MS = 60_000;
const CHILD_SCRIPT = join(__dirname, 'embedded-child.ts');

/** A running `embedded-child.ts`, and everything it said. */
export class EmbeddedOwner {
  readonly events: OwnerEvent[] = [];
  readonly exited: Promise<unknown>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #listeners = new Set<() => void>();
  #errorOutput = '';

  constructor(
    options: OwnerOptions,
    { user, script = CHILD_SCRIPT }: { user?: ProcessUser; script?: string } = {},
  ) {
    // Node itself and no wrapper around it: a kill must hit the process that owns Postgres.
    const loader = pathToFileURL(require.resolve('tsx')).href;
    const node = ['--conditions=source', '--import', loader];
    this.#child = spawn(process.execPath, [...node, script, JSON.stringify(options)], {
      ...(user && { uid: user.uid, gid: user.gid, cwd: user.home }),
      env: { ...process.env, ...(user && { HOME: user.home, TMPDIR: user.home }) },
    });
    // A child that is gone breaks the pipe of a late command.
    this.#child.stdin.on('error', () => undefined);
    this.#child.stderr.on('data', (chunk: Buffer) => (this.#errorOutput += chunk.toString()));
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.events.push(JSON.parse(line) as OwnerEvent);
      this.#notify();
    });
    this.exited = once(this.#child, 'close').then(() => this.#notify());
  }

  async ready(): Promise<{ url: string; pid: number }> {
    const { event, message, url, pid } = await this.next(
      (seen) => seen.event === 'ready' || seen.event === 'failed',
    );
    if (event !== 'ready' || url === undefined || pid === undefined) throw new Error(message);
    return { url, pid };
  }

  async failure(): Promise<{ name: string; message: string }> {
    const { event, name, message } = await this.next(
      (seen) => seen.event === 'ready' || seen.event === 'failed',
    );
    if (event !== 'failed' || name === undefined || message === undefined) throw new Error('It started.');
    return { name, message };
  }

  logged(text: string): Promise<OwnerEvent> {
    return this.next((seen) => seen.event === 'log' && (seen.message ?? '').includes(text));
  }

  /** The first event that fits, already seen or still to come. */
  async next(fits: (event: OwnerEvent) => boolean): Promise<OwnerEvent> {
    const limit = AbortSignal.timeout(EVENT_LIMIT_MS);
    for (;;) {
      const found = this.events.find(fits);
      if (found) return found;
      const over = limit.aborted || this.#child.exitCode !== null || this.#child.signalCode !== null;
      if (over && this.#child.stdout.closed) throw new Error(`No such event: ${this.#describe()}`);
      if (limit.aborted) throw new Error(`No such event in time: ${this.#describe()}`);
      await new Promise<void>((resolve) => {
        this.#listeners.add(resolve);
        limit.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  send(command: 'stop' | 'exit'): void {
    this.#child.stdin.write(`${command}\n`);
  }

  /** Fails unless Postgres was stopped cleanly and the process then ended by itself. */
  async stop(): Promise<void> {
    this.send('stop');
    await this.next((seen) => seen.event === 'stopped');
    await this.#ended();
  }

  /** The server dies and can do nothing about it. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended();
  }

  /** For the end of a test, whatever state it left: a living server stops its Postgres. */
  async dispose(): Promise<void> {
    this.#child.stdin.end();
    await this.#ended().catch(() => this.kill());
  }

  async #ended(): Promise<void> {
    const limit = AbortSignal.timeout(EVENT_LIMIT_MS);
    const late = once(limit, 'abort').then(() =>
      Promise.reject(new Error(`It does not end: ${this.#describe()}`)),
    );
    await Promise.race([this.exited, late]);
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  }

  #describe(): string {
    return `${JSON.stringify(this.events, undefined, 1)}\n${this.#errorOutput}`;
  }
}
