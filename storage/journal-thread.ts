/**
 * The thread that owns the journal's writing connection. It answers `written` only after the commit of a batch has
 * been synced to disk. It is asked to stop (`close`), never terminated. After one failure it writes nothing more:
 * the outcome of that commit is unknown, and the process stops (invariant 5).
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { JournalEnd } from '../engine/ports.ts';
import { failureOf } from './failure.ts';
import type { Failure } from './failure.ts';
import { JournalAppender } from './journal-appender.ts';

export interface JournalThreadData {
  readonly file: string;
  /** For tests: the file may not grow beyond so many pages, as on a small disk. */
  readonly pagesMax?: number;
}

export type ToJournalThread =
  /** Where the turns of the appends after it lie. */
  | { readonly type: 'turns-in'; readonly memory: SharedArrayBuffer }
  | { readonly type: 'append'; readonly number: number; readonly atMs: number; readonly bytes: number }
  | { readonly type: 'close' };

export type FromJournalThread =
  | { readonly type: 'opened'; readonly id: string; readonly end: JournalEnd }
  | { readonly type: 'written'; readonly number: number }
  | { readonly type: 'failed'; readonly failure: Failure }
  | { readonly type: 'closed' };

if (parentPort === null) throw new Error('journal-thread.ts runs as a worker thread only');
const port = parentPort;

function tell(message: FromJournalThread): void {
  port.postMessage(message);
}

function run(): void {
  // The main side starts this thread with exactly this value.
  const data = workerData as JournalThreadData;
  const appender = new JournalAppender(data.file, data.pagesMax);
  let failed = false;
  let memory = new SharedArrayBuffer(0);
  port.on('message', (message: ToJournalThread) => {
    if (message.type === 'close') {
      end(appender);
      return;
    }
    if (message.type === 'turns-in') {
      memory = message.memory;
      return;
    }
    try {
      if (failed) return;
      appender.append(message.number, message.atMs, Buffer.from(memory, 0, message.bytes));
      tell({ type: 'written', number: message.number });
      appender.checkpointIfDue();
    } catch (error) {
      failed = true;
      tell({ type: 'failed', failure: failureOf(error) });
    }
  });
  tell({ type: 'opened', id: appender.id, end: appender.end });
}

/** Whatever happens, the thread ends: the main side waits for it. */
function end(appender: JournalAppender): void {
  try {
    appender.close();
    tell({ type: 'closed' });
  } catch (error) {
    tell({ type: 'failed', failure: failureOf(error) });
  } finally {
    port.close();
  }
}

try {
  run();
} catch (error) {
  tell({ type: 'failed', failure: failureOf(error) });
  port.close();
}
