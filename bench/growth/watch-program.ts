/** Looks at a running program from outside: its gauges, its memory, and when it has come to rest. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../test/until.ts';
import { readStat } from '../harness/process-usage.ts';

/** One value of `/metrics`. Throws when the program has no such gauge. */
export async function gauge(port: number, name: string): Promise<number> {
  return gaugeIn(await metricsOf(port), name);
}

export async function metricsOf(port: number): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
}

export function gaugeIn(metrics: string, name: string): number {
  const value = new RegExp(`^${name} (\\S+)`, 'm').exec(metrics)?.[1];
  if (value === undefined) throw new Error(`the metric ${name} is missing`);
  return Number(value);
}

export interface Memory {
  readonly residentBytes: number;
  /** The most that it ever was. */
  readonly peakBytes: number;
}

/** Of a running process, as Linux tells it. */
export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 'NaN');
  return { residentBytes: kib('VmRSS') * 1024, peakBytes: kib('VmHWM') * 1024 };
}

/** Processor time that the process has taken, ms. */
function processorMs(pid: number): number {
  return readStat(readFileSync(`/proc/${pid}/stat`, 'utf8')).cpuSeconds * 1000;
}

const restLookMs = 1_000;
/** Of a core: what a program that waits for work takes with its timers. */
const restShareMax = 0.1;

/**
 * Waits until the read model has everything and the program takes next to no processor time; gives how long the read
 * model took, and how long all of it.
 */
export async function untilAtRest(
  program: { readonly port: number; readonly pid: number },
  maxMs: number,
): Promise<{ readonly readModelMs: number; readonly restMs: number }> {
  const startedMs = performance.now();
  const lag = async (): Promise<boolean> => (await gauge(program.port, 'onsale_read_model_lag_batches')) === 0;
  await until('the read model has everything', lag, maxMs);
  const readModelMs = performance.now() - startedMs;
  const quiet = async (): Promise<boolean> => {
    const before = processorMs(program.pid);
    await sleep(restLookMs);
    return processorMs(program.pid) - before <= restLookMs * restShareMax;
  };
  await until('the program is at rest', quiet, maxMs);
  return { readModelMs, restMs: performance.now() - startedMs };
}
