/** Whether replies left a traced process only after what they confirm was synced to the journal's write-ahead log. */
import type { SystemCall } from './system-calls.ts';

export interface SyncOrder {
  /** Completed syncs of the log. */
  readonly syncs: number;
  /** What was wrong, a line each, by marker. */
  readonly broken: readonly string[];
}

const log = '/journal.db-wal';
const syncNames: ReadonlySet<string> = new Set(['fsync', 'fdatasync']);
const fileWriteNames: ReadonlySet<string> = new Set(['pwrite64', 'write', 'writev', 'pwritev']);
const socketWriteNames: ReadonlySet<string> = new Set(['write', 'writev', 'sendto', 'sendmsg']);

/**
 * For each marker, a text that only one command's record and its reply hold: a write of the log holds it, then a sync of
 * the log begins and is completed, and only then a write to a socket that holds it begins.
 */
export function syncOrderOf(calls: readonly SystemCall[], markers: readonly string[]): SyncOrder {
  const syncs = calls.filter(({ name, target, result }) => syncNames.has(name) && target.endsWith(log) && result === 0);
  const logWrites = calls.filter(({ name, target }) => fileWriteNames.has(name) && target.endsWith(log));
  const socketWrites = calls.filter(({ name, target }) => {
    return socketWriteNames.has(name) && /^(?:socket|TCP|TCPv6):/.test(target);
  });
  const broken: string[] = [];
  for (const marker of markers) {
    const written = logWrites.find(({ args }) => args.includes(marker));
    const replied = socketWrites.find(({ args }) => args.includes(marker));
    if (written === undefined) broken.push(`${marker}: no write of the log holds it`);
    else if (replied === undefined) broken.push(`${marker}: no reply holds it`);
    else if (!syncs.some(({ begins, ends }) => written.ends < begins && ends < replied.begins)) {
      broken.push(`${marker}: written on line ${written.begins}, replied on line ${replied.begins}, no sync between`);
    }
  }
  return { syncs: syncs.length, broken };
}
