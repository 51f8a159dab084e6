import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const PROGRAM = join(__dirname, '../../clients/ledgerctl/dist/main.js');

/** How a line of a shell ended. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A shell with the built `ledgerctl` on its path, a home of its own, and nothing of our environment. */
export class LedgerctlShell {
  private constructor(
    readonly home: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  /** @param address of the ledger, as `LEDGER_ADDRESS` */
  static async open(address: string): Promise<LedgerctlShell> {
    if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: npm run build`);
    const home = await mkdtemp(join(tmpdir(), 'ledgerctl-'));
    const command = join(home, 'ledgerctl');
    await writeFile(command, `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`, { mode: 0o755 });
    const PATH = `${home}:${process.env['PATH'] ?? ''}`;
    return new LedgerctlShell(home, { PATH, HOME: home, LEDGER_ADDRESS: address });
  }

  /** Runs a line. */
  async run(line: string, env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.start(line, env).ended;
  }

  /** Starts a line, in a process group of its own: a negative pid signals all of it, as a terminal does. */
  start(line: string, env: NodeJS.ProcessEnv = {}) {
    const child = spawn('bash', ['-o', 'pipefail', '-c', line], {
      cwd: this.home,
      env: { ...this.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
      ([out, err, [code]]): Ended => ({ code: code as number | null, out, err }),
    );
    return { child, ended };
  }

  async dispose(): Promise<void> {
    await rm(this.home, { recursive: true, force: true });
  }
}
