import { execFileSync, fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LoadRequest, LoadResult } from './load-generator';

const repository = join(__dirname, '..', '..');
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK']).toString());

/** A server in a process of its own. */
export interface ServerProcess {
  readonly address: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a script that logs `listening` with its address. */
export async function startServer(script: string, env: Record<string, string>): Promise<ServerProcess> {
  const loader = script.endsWith('.ts') ? ['--import', 'tsx'] : [];
  const child = spawn(process.execPath, [...loader, join(repository, script)], {
    cwd: repository,
    env: { ...process.env, LEDGER_LISTEN: '127.0.0.1:0', ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const address = await listening(child);
  return {
    address,
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

/** Runs one load to its end. */
export async function runLoad(request: LoadRequest): Promise<LoadResult> {
  const child = fork(join(__dirname, 'load-generator.ts'), { execArgv: ['--import', 'tsx'] });
  await once(child, 'message');
  const result = once(child, 'message') as Promise<[LoadResult]>;
  child.send(request);
  const [value] = await result;
  return value;
}

/** CPU seconds that a process, or a process and its children, have taken so far, by the kernel's accounting. */
export function cpuSeconds(pid: number, withChildren = false): number {
  const pids = withChildren ? [pid, ...childrenOf(pid)] : [pid];
  return pids.reduce((sum, each) => sum + ticksOf(each), 0) / TICKS_PER_SECOND;
}

function ticksOf(pid: number): number {
  const fields = statOf(pid);
  // utime and stime, fields 14 and 15 of proc(5); the two before them were cut off with the name.
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((candidate) => Number(statOf(candidate)[1]) === pid);
}

/** The fields of /proc/<pid>/stat after the name, beginning with the state. */
function statOf(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

async function listening(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('a server without output');
  const lines = createInterface({ input: child.stdout });
  const address = await new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      const record = JSON.parse(line) as { msg?: string; address?: string };
      if (record.msg === 'listening' && record.address !== undefined) resolve(record.address);
    });
    child.once('exit', (code) => reject(new Error(`a server ended with ${code} before it listened`)));
  });
  return address;
}
