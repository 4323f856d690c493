/** The journal as `npm run export` prints it, piece by piece: each time what has come since the last time. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { batchOf, toldEvent, type ToldEvent } from './told-event.ts';

const program = join(import.meta.dirname, '../../api/export.ts');
const outputBytesMax = 512 * 1024 * 1024;

export class ExportedEvents {
  readonly #dataDir: string;
  #last: string | null = null;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** Batch of the newest event so far. */
  get through(): number {
    return this.#last === null ? 0 : batchOf(this.#last);
  }

  /** What has been journaled since the last call. Rejects when the export fails. */
  async next(journalId: string): Promise<ToldEvent[]> {
    const from = this.#last ?? `${journalId}-1-0`;
    const args = [program, '--data', this.#dataDir, '--from', from];
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: outputBytesMax });
    const told = stdout.trimEnd().split('\n').map(toldEvent);
    // Both ends are included, so the first one is known but for the first time.
    if (told[0]?.id === this.#last) told.shift();
    this.#last = told.at(-1)?.id ?? this.#last;
    return told;
  }
}
