/**
 * Makes the journal longer by charges, as fast as the engine takes them, and ends it as full load would: with a last
 * second that no snapshot includes. Then it waits to be killed.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStateForReading, SqliteSnapshots } from '../../../storage/state-reader.ts';
import { chargeInTurn, startInside } from '../../../test/system/inside.ts';
import { forEachIndex, given, tellFound, tellProgress } from './inside.ts';

export interface LongJournalInput {
  readonly dataDir: string;
  /** Events that the journal has, and those that it is to have. */
  readonly from: number;
  readonly to: number;
  readonly wallets: number;
  /** Events at the end that come after the last snapshots. */
  readonly lastBurst: number;
}

export interface LongJournalFound {
  readonly seconds: number;
  readonly batches: number;
}

/** The drivers' way is taken, past the bound of the doors: large batches fill a journal sooner. */
const atOnce = 2_000;
const tellEvery = 200_000;
const snapshotLookMs = 100;

// True: its measure gives it this.
const { dataDir, from, to, wallets, lastBurst } = given as LongJournalInput;
const { engine } = await startInside();

async function charge(index: number): Promise<void> {
  await chargeInTurn(engine, index, wallets, true);
  if ((index + 1) % tellEvery === 0) tellProgress(index + 1, to, 'events');
}

async function untilSnapshotsAreComplete(): Promise<void> {
  const state = openStateForReading(join(dataDir, 'state.db'));
  const snapshots = new SqliteSnapshots(state);
  while (snapshots.completeThrough() < engine.durableBatch) await sleep(snapshotLookMs);
  state.close();
}

const startedMs = performance.now();
const beforeLast = Math.max(from, to - lastBurst);
await forEachIndex(beforeLast - from, atOnce, (index) => charge(from + index));
await untilSnapshotsAreComplete();
await forEachIndex(to - beforeLast, atOnce, (index) => charge(beforeLast + index));
const found: LongJournalFound = { seconds: (performance.now() - startedMs) / 1000, batches: engine.durableBatch };
tellFound(found);
