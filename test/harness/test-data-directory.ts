import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from './wait-until';

/** How long Postgres may take to end when it is not even to write a checkpoint. */
const END_LIMIT_MS = 10_000;

/** A data directory for servers with an embedded Postgres, and a view into that. */
export class TestDataDirectory {
  /** Open to everybody, since the Postgres of a server that is root runs as another user. */
  readonly path: string;
  readonly cluster: string;

  constructor() {
    this.path = realpathSync(mkdtempSync(join(tmpdir(), 'ledger-data-')));
    chmodSync(this.path, 0o755);
    this.cluster = join(this.path, 'postgres');
  }

  /** Of the postmaster that was started last. */
  get postmasterPid(): number {
    return this.#numberInPidFile(0);
  }

  get postgresPort(): number {
    return this.#numberInPidFile(3);
  }

  get password(): string {
    return readFileSync(join(this.cluster, 'ledger.password'), 'utf8').trim();
  }

  /** The ledger's database, for its owner, by the socket in the cluster. */
  get url(): string {
    return `postgres://ledger:${this.password}@${encodeURIComponent(this.cluster)}:${this.postgresPort}/ledger`;
  }

  /** Every living process of the Postgres in it: the postmaster and its children, or an initdb. */
  processes(): number[] {
    return process.platform === 'linux' ? findByProc(this.path) : findByPs(this.path);
  }

  /** Ends what runs in it and removes it. */
  async remove(): Promise<void> {
    // Immediate shutdown: unlike a kill it gives the shared memory back.
    signalAll(this.processes(), 'SIGQUIT');
    const isEmpty = (): boolean => this.processes().length === 0;
    await waitUntil('Postgres ends', isEmpty, END_LIMIT_MS).catch(() => undefined);
    signalAll(this.processes(), 'SIGKILL');
    await waitUntil('Postgres ends by a kill', isEmpty, END_LIMIT_MS);
    rmSync(this.path, { recursive: true, force: true });
  }

  /** Throws while Postgres is not there: it makes the file empty before it fills it. */
  #numberInPidFile(line: number): number {
    const text = readFileSync(join(this.cluster, 'postmaster.pid'), 'utf8').split('\n')[line] ?? '';
    if (!/^[1-9][0-9]*$/.test(text)) throw new Error(`line ${line + 1} of postmaster.pid is not written yet`);
    return Number(text);
  }
}

/** Signals those that are still there. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended in the meantime.
    }
  }
}

/** By the working directory, which is the cluster for all of Postgres, or by the command line. */
function findByProc(path: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^[0-9]+$/.test(name) || Number(name) === process.pid) return [];
    try {
      const isIn = readlinkSync(`/proc/${name}/cwd`).startsWith(path);
      return isIn || readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(path) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

/** By the command line, and the children of those. */
function findByPs(path: string): number[] {
  const lines = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,args=']).stdout.toString().trim().split('\n');
  const all = lines.map((line) => {
    const [pid, parent] = line.trim().split(/\s+/).map(Number);
    return { pid: pid ?? 0, parent, isNamed: line.includes(path) };
  });
  const named = all.filter(({ pid, isNamed }) => isNamed && pid !== process.pid).map(({ pid }) => pid);
  const children = all.filter(({ parent }) => named.some((pid) => pid === parent)).map(({ pid }) => pid);
  return [...new Set([...named, ...children])];
}
