/** CPU time and peak memory of processes and all their descendants, from `/proc`. */
import { readdirSync, readFileSync } from 'node:fs';

export interface NamedProcess {
  readonly name: string;
  readonly pid: number;
}

export interface Usage {
  /** User and system time since the process began, its ended children included, s. */
  readonly cpuSeconds: number;
  /** The most memory that it ever had resident, bytes. Of several processes of a name the sum, shared pages each time. */
  readonly peakBytes: number;
}

/** By name; descendants have the name of their program. */
export type UsageByName = ReadonlyMap<string, Usage>;

/** Of `/proc/<pid>/stat`; on Linux USER_HZ is 100 whatever the kernel's own clock is. */
const ticksPerSecond = 100;

interface Stat {
  readonly command: string;
  readonly parent: number;
  readonly cpuSeconds: number;
}

export function readStat(text: string): Stat {
  // The name stands in parentheses and may hold any character; the fields after the last one are numbers.
  const nameEnd = text.lastIndexOf(')');
  const fields = text.slice(nameEnd + 2).split(' ');
  // Fields 14 to 17 of proc(5): utime, stime, cutime, cstime.
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return {
    command: text.slice(text.indexOf('(') + 1, nameEnd),
    parent: Number(fields[1]),
    cpuSeconds: ticks / ticksPerSecond,
  };
}

/** What these and their descendants have used; a process that has ended is left out. */
export function usageOf(processes: readonly NamedProcess[]): UsageByName {
  const stats = allStats();
  const childrenOf = new Map<number, number[]>();
  for (const [pid, { parent }] of stats) {
    const siblings = childrenOf.get(parent);
    if (siblings === undefined) childrenOf.set(parent, [pid]);
    else siblings.push(pid);
  }
  const names = new Map(processes.map(({ pid, name }) => [pid, name]));
  const byName = new Map<string, Usage>();
  const seen = new Set<number>();
  const waiting = processes.map(({ pid }) => pid);
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    const stat = stats.get(pid);
    if (stat === undefined || seen.has(pid)) continue;
    seen.add(pid);
    const name = names.get(pid) ?? stat.command;
    const known = byName.get(name) ?? { cpuSeconds: 0, peakBytes: 0 };
    byName.set(name, {
      cpuSeconds: known.cpuSeconds + stat.cpuSeconds,
      peakBytes: known.peakBytes + peakBytes(pid),
    });
    waiting.push(...(childrenOf.get(pid) ?? []));
  }
  return byName;
}

/** CPU seconds by name between two looks. */
export function cpuBetween(before: UsageByName, after: UsageByName): Record<string, number> {
  return Object.fromEntries(
    [...after].map(([name, { cpuSeconds }]) => [name, cpuSeconds - (before.get(name)?.cpuSeconds ?? 0)]),
  );
}

function allStats(): Map<number, Stat> {
  const stats = new Map<number, Stat>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const text = readOrNull(`/proc/${pid}/stat`);
    if (text !== null) stats.set(pid, readStat(text));
  }
  return stats;
}

function peakBytes(pid: number): number {
  const kib = /^VmHWM:\s+(\d+) kB/m.exec(readOrNull(`/proc/${pid}/status`) ?? '')?.[1];
  return Number(kib ?? 0) * 1024;
}

/** Processes end while one looks. */
function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
