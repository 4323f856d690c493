/** The journal's port over a simulated disk: an append is atomic, takes its time, and may fail with an unknown outcome. */
import type { BatchToWrite, Journal, JournalEnd, StoredBatch, Turn } from '../../engine/ports.ts';
import type { Chance } from './chance.ts';
import type { SimulatedDisk } from './simulated-disk.ts';
import type { Life, SimulatedWorld } from './simulated-world.ts';

export interface JournalFaults {
  /** How long an append may take, ms. */
  readonly appendMaxMs: number;
  /** Of a hundred appends so many fail with EIO or ENOSPC. */
  readonly failingPercent: number;
}

export interface JournalOptions {
  readonly disk: SimulatedDisk;
  readonly world: SimulatedWorld;
  readonly life: Life;
  readonly chance: Chance;
  readonly faults: JournalFaults;
  /** A batch has become durable; nobody has been told yet. */
  readonly onDurable: (batch: StoredBatch) => void;
}

/** What the disk says when it does not write. */
export class DiskFault extends Error {
  override readonly name = 'StorageUnavailable';
}

export class SimulatedJournal implements Journal {
  readonly id: string;
  readonly end: JournalEnd;
  readonly #options: JournalOptions;
  #writing: BatchToWrite | null = null;

  constructor(options: JournalOptions) {
    const { disk } = options;
    this.#options = options;
    this.id = disk.journalId;
    this.end = { batch: disk.end, atMs: disk.rows.at(-1)?.at_ms ?? 0 };
  }

  append(batch: BatchToWrite): Promise<void> {
    const { world, life, chance, faults } = this.#options;
    if (this.#writing !== null) throw new Error('the batch before has not been written yet');
    this.#writing = batch;
    return new Promise((resolve, reject) => {
      world.after(chance.delayMs(faults.appendMaxMs), life, () => {
        this.#writing = null;
        if (chance.of(faults.failingPercent)) {
          // What the disk says of a failed write is not to be believed either.
          if (chance.of(30)) this.#write(batch);
          reject(new DiskFault(chance.of(50) ? 'ENOSPC: no space left on device' : 'EIO: i/o error'));
          return;
        }
        this.#write(batch);
        resolve();
      });
    });
  }

  get isWriting(): boolean {
    return this.#writing !== null;
  }

  read(from: number): Iterable<StoredBatch> {
    return this.#options.disk.batches(from);
  }

  readTurn(batch: number, turn: number): Turn {
    const found = this.#options.disk.batch(batch).turns[turn];
    if (found === undefined) throw new Error(`batch ${batch} has no turn ${turn}`);
    return found;
  }

  /** The process is dead: what was being written is there, wholly, or not at all. */
  crash(): void {
    if (this.#writing !== null && this.#options.chance.of(50)) this.#write(this.#writing);
    this.#writing = null;
  }

  #write(batch: BatchToWrite): void {
    this.#options.onDurable(this.#options.disk.write(batch));
  }
}
