/**
 * How many connections the door may hold: never so many that the process can open no file any more, because a
 * database that cannot open one stops it (invariants 5 and 8).
 */
import { readFileSync } from 'node:fs';
import { limits } from '../limits.ts';

/** Kept for databases, snapshots, NATS and the pages; of a small allowance, half. */
const filesKept = 512;

/** @param systemLimits what `/proc/self/limits` says; null where the system does not tell. */
export function connectionsMax(systemLimits: string | null = readLimits()): number {
  const files = /^Max open files +(\d+)/m.exec(systemLimits ?? '')?.[1];
  if (files === undefined) return limits.connectionsMax;
  const filesMax = Number(files);
  return Math.min(limits.connectionsMax, Math.max(1, filesMax - Math.min(filesKept, Math.ceil(filesMax / 2))));
}

function readLimits(): string | null {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return null;
  }
}
