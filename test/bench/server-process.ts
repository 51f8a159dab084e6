import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const repository = join(__dirname, '..', '..');
const ERROR_OUTPUT_KEPT = 4_000;

/** Servers that must not outlive this process, however it ends. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A server that runs in a process of its own. */
export interface ServerProcess {
  readonly address: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * Starts a script that logs JSON lines on standard output, among them `listening` with its address.
 *
 * @param script path relative to the repository, or absolute
 */
export async function startServer(
  script: string,
  { env = {}, args = [] }: { env?: Record<string, string>; args?: readonly string[] } = {},
): Promise<ServerProcess> {
  const loader = script.endsWith('.ts') ? ['--import', 'tsx'] : [];
  const child = spawn(process.execPath, [...startFlags(), ...loader, resolve(repository, script), ...args], {
    cwd: repository,
    env: { ...process.env, LEDGER_LISTEN: '127.0.0.1:0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const address = await listening(child, script);
  return {
    address,
    pid: child.pid ?? 0,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** The Node options of `npm start`. Every variant runs with the same ones. */
function startFlags(): string[] {
  const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
    scripts: { start: string };
  };
  return scripts.start.split(' ').filter((word) => word.startsWith('--'));
}

async function listening({ stdout, stderr }: ChildProcess, script: string): Promise<string> {
  if (stdout === null || stderr === null) throw new Error('a server without output');
  let errorOutput = '';
  stderr.on('data', (chunk: Buffer) => {
    errorOutput = (errorOutput + chunk.toString()).slice(-ERROR_OUTPUT_KEPT);
  });
  const lines = createInterface({ input: stdout });
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.on('line', (line) => {
        const record = JSON.parse(line) as { msg?: string; address?: string };
        if (record.msg === 'listening' && record.address !== undefined) resolve(record.address);
      });
      lines.once('close', () => reject(new Error(`${script} ended before it listened: ${errorOutput}`)));
    });
  } finally {
    lines.removeAllListeners();
    lines.close();
    // Discards one log line per call, so that the server never waits for a full pipe.
    stdout.resume();
  }
}
