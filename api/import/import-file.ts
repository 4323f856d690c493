/**
 * Imports one file: its concerts first, then its schedules, so that their order in the file does not matter. The file
 * is read twice and never held in memory. A line is one request, hence wholly there or not at all.
 */
import type { AdminClient } from './admin-client.ts';
import { catalogLine } from './catalog-line.ts';
import { fileLines } from './file-lines.ts';

/** Requests under way at once. */
const concurrencyMax = 16;
/** Bad lines that the report names; of the others it gives the number. */
const reportedMax = 1_000;

export interface ImportReport {
  imported: number;
  /** Equal things that stood there already. */
  skipped: number;
  bad: number;
  /** The first bad lines that were met. */
  readonly badLines: { readonly line: number; readonly reason: string }[];
}

export interface ImportProgress {
  readonly report: Readonly<ImportReport>;
  /** Bytes of the file gone through, in both passes together. */
  readonly bytesDone: number;
}

/** Imports the file at `path`. Throws `ImportStopped`, or the error of reading the file. */
export async function importFile(
  path: string,
  client: Pick<AdminClient, 'post'>,
  onProgress: (progress: ImportProgress) => void,
): Promise<ImportReport> {
  const report: ImportReport = { imported: 0, skipped: 0, bad: 0, badLines: [] };
  let passed = 0;
  for (const pass of ['concert', 'schedule'] as const) {
    let end = 0;
    await shared(fileLines(path), async ({ number, text, endOffset }) => {
      const line = catalogLine(text);
      // What cannot be read is the same in both passes.
      if (line.type === 'bad' && pass === 'concert') addBad(report, number, line.reason);
      if (line.type === pass) {
        const posted = await client.post(line.path, line.body);
        if (posted.type === 'created') report.imported += 1;
        else if (posted.type === 'equal') report.skipped += 1;
        else addBad(report, number, `${line.type} ${line.id}: ${posted.reason}`);
      }
      end = Math.max(end, endOffset);
      onProgress({ report, bytesDone: passed + end });
    });
    passed += end;
  }
  report.badLines.sort((a, b) => a.line - b.line);
  return report;
}

function addBad(report: ImportReport, line: number, reason: string): void {
  report.bad += 1;
  if (report.badLines.length < reportedMax) report.badLines.push({ line, reason });
}

/** Several workers take from one source; the source is asked for no more than they can work on. */
async function shared<T>(source: AsyncGenerator<T, void, void>, work: (item: T) => Promise<void>): Promise<void> {
  async function worker(): Promise<void> {
    for (let next = await source.next(); next.done !== true; next = await source.next()) await work(next.value);
  }
  try {
    await Promise.all(Array.from({ length: concurrencyMax }, worker));
  } finally {
    await source.return();
  }
}
