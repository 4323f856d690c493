/**
 * Audits a data directory, of a running program too. What is made from the journal is opened first and read as it
 * stood then; the journal's end is read after that, so it can only be further along.
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditRules } from './audit-rules.ts';
import { Auditor } from './auditor.ts';
import type { Finding } from './findings.ts';
import { JournalFile } from './files/journal-file.ts';
import { NotAudited } from './files/read-only.ts';
import { ReadModelFile } from './files/read-model-file.ts';
import { StateFile } from './files/state-file.ts';

export interface AuditReport {
  readonly journalId: string;
  readonly batches: number;
  readonly events: number;
  readonly lastBatch: number;
  /** Snapshots, rows of the key index and rows of the read model that were compared. */
  readonly snapshots: number;
  readonly keyRows: number;
  readonly readModelRows: number;
  /** Null where the file is missing: it can be made again. */
  readonly completeThrough: number | null;
  readonly readModelThrough: number | null;
  readonly elapsedMs: number;
  /** How many of each code there are; of a code with very many, `findings` holds only the first. */
  readonly counts: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
}

/**
 * @param progress told now and then how many of how many batches have been replayed
 * @throws NotAudited when the directory cannot be read as what it should be
 */
export function auditDirectory(
  dataDir: string,
  rules: AuditRules,
  progress: (batches: number, of: number) => void,
): AuditReport {
  const startedMs = performance.now();
  const journalFile = join(dataDir, 'journal.db');
  // Throws where the directory may not be looked into.
  if (statSync(journalFile, { throwIfNoEntry: false }) === undefined) {
    throw new NotAudited(`${dataDir} holds no journal.db, so there is nothing to audit`);
  }
  const auditor = new Auditor(rules);
  const [stateFile, readModelFile] = [join(dataDir, 'state.db'), join(dataDir, 'read-model.db')];
  const state = existsSync(stateFile) ? new StateFile(stateFile, auditor) : null;
  const readModel = existsSync(readModelFile) ? new ReadModelFile(readModelFile, auditor) : null;
  const journal = new JournalFile(journalFile, auditor.found);
  const end = journal.end();

  const ofThisJournal = {
    state: state?.begin(journal, end) === true ? state : null,
    readModel: readModel?.begin(journal, end) === true ? readModel : null,
  };
  for (const batch of journal.batches(end)) {
    auditor.batch(batch);
    ofThisJournal.state?.batch(batch);
    ofThisJournal.readModel?.batch(batch);
    progress(batch.number, end);
  }
  auditor.finish();
  ofThisJournal.state?.finish(end);
  state?.close();
  readModel?.close();
  journal.close();
  return {
    journalId: journal.id,
    batches: auditor.batches,
    events: auditor.events,
    lastBatch: auditor.lastBatch,
    snapshots: state?.snapshots ?? 0,
    keyRows: state?.keyRows ?? 0,
    readModelRows: readModel?.rows ?? 0,
    completeThrough: state?.completeThrough ?? null,
    readModelThrough: readModel?.through ?? null,
    elapsedMs: Math.round(performance.now() - startedMs),
    counts: Object.fromEntries(auditor.counts),
    findings: auditor.findings,
  };
}
