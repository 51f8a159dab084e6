// Runs the tests that depend on time while it stops and continues all their processes again and again: a test that
// races a clock fails here. `npm run test:paused [-- file…]`, by default all test files with the tag below.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** A test file that depends on time says so in its first comment. */
const TAG = '@paused';
const RUN_MS = 150;
const STOP_MS = 300;
const PASSES = 3;
/** A pass takes three times as long as the same tests without pauses. */
const PASS_LIMIT_MS = 20 * 60_000;
/** Jest measures its own limits by a clock that goes on while the tests are stopped. */
const TEST_LIMIT_MS = 5 * 60_000;
/** What a process gets between SIGTERM and SIGKILL. */
const END_LIMIT_MS = 10_000;

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { passes: { type: 'string', default: String(PASSES) } },
  });
  if (process.platform !== 'linux') throw new Error('the processes of a test are found by /proc: Linux only');
  const files = positionals.length > 0 ? positionals : taggedFiles();
  console.log(`${files.length} files, ${RUN_MS} ms of running and ${STOP_MS} ms of standing still in turn:`);
  for (const file of files) console.log(`  ${file}`);
  const passes = Number(values.passes);
  for (let pass = 1; pass <= passes; pass += 1) {
    const started = performance.now();
    const failure = await runPass(files);
    const seconds = Math.round((performance.now() - started) / 1_000);
    console.log(`pass ${pass} of ${passes}: ${failure ?? 'passed'} after ${seconds} s`);
    if (failure !== undefined) return 1;
  }
  return 0;
}

/** Runs the files once; gives what went wrong. */
async function runPass(files) {
  const jest = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  const options = [
    '--config=jest.all.config.js',
    '--maxWorkers=2',
    `--testTimeout=${TEST_LIMIT_MS}`,
    '--runTestsByPath',
  ];
  // A process group of its own: Ctrl-C reaches this script alone, which then ends the tests.
  const child = spawn(process.execPath, [jest, ...options, ...files], {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  let ending;
  child.on('error', (error) => (ending = `jest did not start: ${error.message}`));
  child.on('exit', (code, signal) => (ending = code === 0 ? 'passed' : `jest ended with ${signal ?? code}`));
  let interrupted;
  const interrupt = (signal) => (interrupted = `interrupted by ${signal}`);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, interrupt);

  const tree = new ProcessTree(child.pid);
  const limit = performance.now() + PASS_LIMIT_MS;
  try {
    while (ending === undefined && interrupted === undefined && performance.now() < limit) {
      await delay(RUN_MS);
      tree.stop();
      await delay(STOP_MS);
      tree.continue();
    }
  } finally {
    tree.continue();
    await tree.end();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, interrupt);
  }
  if (interrupted !== undefined) return interrupted;
  if (ending === undefined) return `not over after ${PASS_LIMIT_MS / 1_000} s`;
  return ending === 'passed' ? undefined : ending;
}

/**
 * A process, its children, theirs, and so on. One that was seen once stays a member when its parent ends, such as a
 * Postgres whose owner was killed; so do its own children.
 */
class ProcessTree {
  /** When each member started, by its pid: a pid that another process has by now is not touched. */
  #members = new Map();

  constructor(pid) {
    const root = pid === undefined ? undefined : readProcess(pid);
    if (root !== undefined) this.#members.set(root.pid, root.startTime);
  }

  stop() {
    this.#look();
    // Again, until nobody new is found: a process may have started another just before it was stopped.
    do this.#signal('SIGSTOP');
    while (this.#look() > 0);
  }

  continue() {
    this.#signal('SIGCONT');
  }

  /** Ends what is left of it. */
  async end() {
    this.#look();
    for (const signal of ['SIGTERM', 'SIGKILL']) {
      const limit = performance.now() + END_LIMIT_MS;
      this.#signal(signal);
      while (this.#members.size > 0 && performance.now() < limit) {
        await delay(50);
        this.#look();
      }
    }
  }

  /** Forgets members that ended and takes in their new children; gives how many came. */
  #look() {
    const all = new Map(readProcesses().map((each) => [each.pid, each]));
    for (const [pid, startTime] of this.#members) {
      if (all.get(pid)?.startTime !== startTime) this.#members.delete(pid);
    }
    const before = this.#members.size;
    for (let size = -1; size !== this.#members.size;) {
      size = this.#members.size;
      for (const { pid, parent, startTime } of all.values()) {
        if (this.#members.has(parent)) this.#members.set(pid, startTime);
      }
    }
    return this.#members.size - before;
  }

  #signal(signal) {
    for (const [pid, startTime] of this.#members) {
      if (readProcess(pid)?.startTime !== startTime) continue;
      try {
        process.kill(pid, signal);
      } catch {
        // It ended in the meantime.
      }
    }
  }
}

function readProcesses() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);
}

/** One that ended, or waits for its parent to notice that, is none. */
function readProcess(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before the parenthesis may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : { pid, parent: Number(fields[1]), startTime: fields[19] };
  } catch {
    return undefined;
  }
}

function taggedFiles() {
  return ['services', 'clients', 'test']
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }).map((entry) =>
        relative(ROOT, join(entry.parentPath, entry.name)),
      ),
    )
    .filter((file) => file.endsWith('.test.ts') && !/(^|\/)(node_modules|dist)\//.test(file))
    .filter((file) => readFileSync(join(ROOT, file), 'utf8').startsWith(`/** ${TAG}`))
    .sort();
}

process.exitCode = await main();
