/** The report of an audit as text for people. */
import type { AuditReport } from './audit-directory.ts';
import { findingCodes } from './findings.ts';
import type { Finding } from './findings.ts';

/** Findings of one code that are printed; further ones are counted. */
const printedMax = 20;

export function reportText(dataDir: string, report: AuditReport): string {
  const { journalId, lastBatch, batches, events, snapshots, keyRows, readModelRows } = report;
  const lines = [
    `${dataDir}, journal ${journalId}, through batch ${lastBatch}`,
    `  journal     ${counted(batches, 'batch', 'batches')}, ${counted(events, 'event', 'events')} replayed, checksums checked`,
    `  snapshots   ${counted(snapshots, 'snapshot', 'snapshots')} compared, ${through(report.completeThrough, 'complete')}`,
    `  keys        ${counted(keyRows, 'row', 'rows')} compared`,
    `  read model  ${counted(readModelRows, 'row', 'rows')} compared, ${through(report.readModelThrough, 'it stands')}`,
    '',
  ];
  for (const [code, meaning] of Object.entries(findingCodes)) {
    const count = report.counts[code] ?? 0;
    if (count > 0) lines.push(...section(code, meaning, count, report.findings));
  }
  const total = Object.values(report.counts).reduce((sum, count) => sum + count, 0);
  const found = total === 0 ? 'No finding' : counted(total, 'finding', 'findings');
  lines.push(`${found}, in ${(report.elapsedMs / 1000).toFixed(1)} s.`);
  return lines.join('\n');
}

function section(code: string, meaning: string, count: number, findings: readonly Finding[]): string[] {
  const shown = findings.filter((finding) => finding.code === code).slice(0, printedMax);
  const lines = [`${code} (${count}): ${meaning}`, ...shown.map(({ where, what }) => `  ${where}: ${what}`)];
  if (count > shown.length) lines.push(`  … and ${count - shown.length} more`);
  return [...lines, ''];
}

function through(batch: number | null, what: string): string {
  return batch === null ? 'the file is not there and can be made again' : `${what} through batch ${batch}`;
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
