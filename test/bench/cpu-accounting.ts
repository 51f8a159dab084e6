import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** CPU time by the accounting of the operating system: far steadier than throughput on a shared machine. Linux only. */

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK']).toString());

/**
 * CPU seconds that a process and all that come from it have taken so far, those included that have ended meanwhile
 * and were waited for.
 */
export function cpuSecondsOfTree(pid: number): number {
  return treeOf(pid).reduce((sum, each) => sum + ticksOf(each), 0) / TICKS_PER_SECOND;
}

/** How many processes there are: itself, and all that come from it. */
export function processesOfTree(pid: number): number {
  return treeOf(pid).length;
}

function treeOf(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(name)) continue;
    const parent = Number(statOf(Number(name))[1] ?? 0);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [root];
  // Grows while it is walked.
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

function ticksOf(pid: number): number {
  // utime, stime, cutime and cstime: fields 14 to 17 of proc(5); the two before the state were cut off.
  return statOf(pid)
    .slice(11, 15)
    .reduce((sum, ticks) => sum + Number(ticks), 0);
}

/** CPU seconds of the whole machine so far that nobody used. */
export function idleSeconds(): number {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const [, , , idle = 0, waiting = 0] = line.trim().split(/\s+/).slice(1).map(Number);
  return (idle + waiting) / TICKS_PER_SECOND;
}

/** The fields of /proc/<pid>/stat after the name, beginning with the state; none for a process that is gone. */
function statOf(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
