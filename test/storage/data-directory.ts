/** Data directories of tests: real files, filled with toy turns, and damaged on purpose. */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import Database from 'better-sqlite3';
import type { Address } from '../../engine/actor.ts';
import type { JournaledEvent, StoredBatch, Turn } from '../../engine/ports.ts';
import { openStorage } from '../../storage/open.ts';
import type { Storage, StorageOptions } from '../../storage/open.ts';
import { createKinds } from './toy-kinds.ts';

export const kindsModule = new URL('./toy-kinds.ts', import.meta.url);
export const consumerModule = new URL('./toy-consumer.ts', import.meta.url);

export function dataDirectory(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'onsale-storage-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export interface Opened extends Storage {
  /** Resolves with the error that storage stopped with. */
  readonly fatal: Promise<Error>;
}

/** Storage over toy kinds; closed after the test. */
export async function opened(t: TestContext, dataDir: string, options: Partial<StorageOptions> = {}): Promise<Opened> {
  const { promise: fatal, resolve: onFatal } = Promise.withResolvers<Error>();
  const storage = await openStorage({
    dataDir,
    kindsModule,
    rules: {},
    keyTtlMs: 86_400_000,
    consumerModule: null,
    onFatal,
    ...options,
  });
  t.after(() => storage.close(0));
  return { ...storage, fatal };
}

export function event(actor: Address, type: string, fields: object): JournaledEvent {
  return { actor, event: { type, v: 1, ...fields } };
}

export function counted(actor: Address, by: number): JournaledEvent {
  return event(actor, 'Counted', { by });
}

export function turn(atMs: number, to: Address, events: readonly JournaledEvent[], more: Partial<Turn> = {}): Turn {
  return { atMs, to, command: 'Toy', events, ...more };
}

/** Appends batches after the journal's last one, and tells the follower. */
export async function append(storage: Storage, from: number, batches: readonly (readonly Turn[])[]): Promise<void> {
  let number = from;
  for (const turns of batches) {
    await storage.journal.append({
      number,
      atMs: turns.at(-1)?.atMs ?? 0,
      turns: turns.map((turn) => JSON.stringify(turn)),
    });
    storage.follower.advance(number);
    number += 1;
  }
}

/** So many batches of one turn each; batch `n` says `marker-n.` in its events. */
export function markedBatches(count: number, from = 1): Turn[][] {
  return Array.from({ length: count }, (_, index) => {
    const number = from + index;
    return [
      turn(number * 1000, 'list:a', [
        event('list:a', 'Named', { name: `marker-${number}.` }),
        counted(`counter:${number % 3}`, number),
      ]),
    ];
  });
}

/** A directory whose journal holds `count` marked batches, all followed and closed. */
export async function filled(t: TestContext, count: number): Promise<string> {
  const dataDir = dataDirectory(t);
  const storage = await opened(t, dataDir);
  await append(storage, 1, markedBatches(count));
  await storage.close(10_000);
  emptyWal(join(dataDir, 'journal.db'));
  return dataDir;
}

/** Where a reader closed last the WAL stays, and with it pages that the damaged ones of the file would not be read for. */
function emptyWal(file: string): void {
  const raw = new Database(file);
  raw.pragma('wal_checkpoint(TRUNCATE)');
  raw.close();
}

/** Two pages from about `bytesIn` after the beginning of `text` on lead nowhere: SQLite cannot read what stands there. */
export function spoilPages(file: string, text: string, bytesIn: number): void {
  emptyWal(file);
  const bytes = readFileSync(file);
  const at = Math.ceil((bytes.indexOf(text) + bytesIn) / 4096) * 4096;
  bytes.fill(0xff, at, at + 8192);
  writeFileSync(file, bytes);
}

/** Flips one bit of the byte at the end of `text`, wherever the file holds it first. */
export function flipByte(file: string, text: string): void {
  const bytes = readFileSync(file);
  const at = bytes.indexOf(text);
  if (at < 0) throw new Error(`${file} does not hold ${text}`);
  const last = at + Buffer.byteLength(text) - 1;
  bytes[last] = (bytes[last] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

export function copyJournal(fromDir: string, toDir: string): void {
  for (const name of ['journal.db', 'journal.db-wal']) {
    rmSync(join(toDir, name), { force: true });
    if (existsSync(join(fromDir, name))) copyFileSync(join(fromDir, name), join(toDir, name));
  }
}

export function removeDatabase(dataDir: string, name: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(dataDir, `${name}${suffix}`), { force: true });
}

/** What the journal says an actor's state is after batch `through`, encoded. Undefined when it has no event by then. */
export function replayed(batches: Iterable<StoredBatch>, actor: Address, through: number): Uint8Array | undefined {
  const kinds = createKinds();
  const kind = actor.startsWith('list:') ? kinds.list : kinds.counter;
  // Each kind is given its own states only.
  const evolve = kind.evolve as (state: unknown, event: unknown) => unknown;
  const upcast = kind.upcast as (event: unknown) => unknown;
  let state: unknown = kind.initial(actor.slice(actor.indexOf(':') + 1));
  let found = false;
  for (const batch of batches) {
    if (batch.number > through) break;
    for (const { events } of batch.turns) {
      for (const journaled of events) {
        if (journaled.actor !== actor) continue;
        state = evolve(state, upcast(journaled.event));
        found = true;
      }
    }
  }
  return found ? (kind.encode as (state: unknown) => Uint8Array)(state) : undefined;
}
