import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** CPU time as Linux accounts for it. On a shared machine it is far steadier than throughput. Linux only. */

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK']).toString());

/**
 * CPU seconds that a process and its descendants have used so far, including descendants that have exited and were
 * waited for.
 */
export function cpuSecondsOfTree(pid: number): number {
  return treeOf(pid).reduce((sum, each) => sum + ticksOf(each), 0) / TICKS_PER_SECOND;
}

/** The number of processes in a tree: the root and its descendants. */
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
  // The list grows while the loop runs, so it ends with all descendants.
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

function ticksOf(pid: number): number {
  // utime, stime, cutime and cstime: fields 14 to 17 of proc(5); statOf has cut off the first two.
  return statOf(pid)
    .slice(11, 15)
    .reduce((sum, ticks) => sum + Number(ticks), 0);
}

/** Idle CPU seconds of the whole machine since boot. */
export function idleSeconds(): number {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const [, , , idle = 0, waiting = 0] = line.trim().split(/\s+/).slice(1).map(Number);
  return (idle + waiting) / TICKS_PER_SECOND;
}

/** The fields of /proc/<pid>/stat from the state on; empty for a process that has exited. */
function statOf(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
