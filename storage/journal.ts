/** The journal as the engine sees it: appends go to the writer's thread, reads through a connection of their own. */
import { Worker } from 'node:worker_threads';
import type { BatchToWrite, Journal, JournalEnd, StoredBatch, Turn } from '../engine/ports.ts';
import { errorOf } from './failure.ts';
import { JournalReader } from './journal-reader.ts';
import { SharedTurns } from './shared-turns.ts';
import type { FromJournalThread, JournalThreadData, ToJournalThread } from './journal-thread.ts';

export interface JournalOptions {
  /** For tests: a disk on which the journal may take so many pages of 4 KiB. */
  readonly pagesMax?: number;
  /** Called once when the writer fails while nothing waits for it. Where an append waits, that one is rejected. */
  readonly onFatal: (error: Error) => void;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Opens the journal in `file`, makes it where there is none, and verifies its last batch. The caller holds the lock of
 * the data directory.
 *
 * @throws StorageDamaged, StorageUnavailable
 */
export async function openJournal(file: string, options: JournalOptions): Promise<SqliteJournal> {
  const data: JournalThreadData = {
    file,
    ...(options.pagesMax === undefined ? {} : { pagesMax: options.pagesMax }),
  };
  const thread = new Worker(new URL('./journal-thread.ts', import.meta.url), { workerData: data });
  const end = await openedEnd(thread);
  return new SqliteJournal(thread, new JournalReader(file), end, options.onFatal);
}

/**
 * Waits until the writer's thread says that it has opened the journal; gives the journal's end.
 *
 * @throws what the thread fails with, also when it ends without a word
 */
export async function openedEnd(thread: Worker): Promise<JournalEnd> {
  const { promise, resolve, reject } = Promise.withResolvers<JournalEnd>();
  const onMessage = (message: FromJournalThread): void => {
    if (message.type === 'opened') resolve(message.end);
    else reject(message.type === 'failed' ? errorOf(message.failure) : new Error(`unexpected ${message.type}`));
  };
  const onExit = (code: number): void => {
    reject(new Error(`the thread of the journal has ended by itself, before the journal was open (exit ${code})`));
  };
  thread.once('error', reject);
  thread.once('message', onMessage);
  thread.once('exit', onExit);
  try {
    return await promise;
  } finally {
    thread.off('error', reject);
    thread.off('message', onMessage);
    thread.off('exit', onExit);
  }
}

export class SqliteJournal implements Journal {
  readonly id: string;
  readonly end: JournalEnd;
  readonly #thread: Worker;
  readonly #reader: JournalReader;
  readonly #onFatal: (error: Error) => void;
  readonly #ended = Promise.withResolvers<void>();
  readonly #turns = new SharedTurns();
  /** What the writer was told of last. */
  #memory: SharedArrayBuffer | undefined;
  #waiting: Waiting | undefined;
  #failure: Error | undefined;
  #closing: Promise<void> | undefined;

  constructor(thread: Worker, reader: JournalReader, end: JournalEnd, onFatal: (error: Error) => void) {
    this.id = reader.id;
    this.end = end;
    this.#thread = thread;
    this.#reader = reader;
    this.#onFatal = onFatal;
    thread.on('message', (message: FromJournalThread) => this.#hear(message));
    thread.on('error', (error: Error) => this.#fail(error));
    thread.once('exit', () => {
      if (this.#closing === undefined || this.#waiting !== undefined) {
        this.#fail(new Error('the thread of the journal has ended by itself'));
      }
      this.#ended.resolve();
    });
  }

  append(batch: BatchToWrite): Promise<void> {
    if (this.#waiting !== undefined) throw new Error('the batch before has not been written yet');
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#closing !== undefined) return Promise.reject(new Error('the journal is closed'));
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      const { memory, bytes } = this.#turns.place(batch.turns);
      if (memory !== this.#memory) this.#tell({ type: 'turns-in', memory });
      this.#memory = memory;
      this.#tell({ type: 'append', number: batch.number, atMs: batch.atMs, bytes });
    });
  }

  read(from: number): Iterable<StoredBatch> {
    return this.#reader.batches(from);
  }

  readTurn(batch: number, turn: number): Turn {
    return this.#reader.turn(batch, turn);
  }

  /** Writes what has been handed over, then stops the writer. Reading goes on until `closeReading`. */
  close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#closing = this.#ended.promise;
      this.#tell({ type: 'close' });
    }
    return this.#closing;
  }

  closeReading(): void {
    this.#reader.close();
  }

  #tell(message: ToJournalThread): void {
    this.#thread.postMessage(message);
  }

  #hear(message: FromJournalThread): void {
    switch (message.type) {
      case 'written': {
        const waiting = this.#waiting;
        this.#waiting = undefined;
        waiting?.resolve();
        return;
      }
      case 'failed':
        this.#fail(errorOf(message.failure));
        return;
      case 'opened':
      case 'closed':
        return;
    }
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#onFatal(error);
    else waiting.reject(error);
  }
}
