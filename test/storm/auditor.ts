/** The auditor, as a process of its own on a data directory that no engine holds. */
import { runAudit } from '../audit/audit-command.ts';

export type Audit =
  | { readonly type: 'clean'; readonly batches: number; readonly events: number }
  | { readonly type: 'found'; readonly findings: readonly unknown[] }
  /** It could not audit, or said something that is no report. */
  | { readonly type: 'failed'; readonly why: string };

export async function audit(dataDir: string): Promise<Audit> {
  const { code, stdout, stderr } = await runAudit([dataDir, '--json'], 0);
  return auditOf(code, stdout, stderr);
}

/** Exit code 0: nothing found, 1: findings, anything else: no audit. */
export function auditOf(code: number, stdout: string, stderr: string): Audit {
  const report = code === 0 || code === 1 ? reportIn(stdout) : null;
  const findings = report?.['findings'];
  if (report === null || !Array.isArray(findings))
    return { type: 'failed', why: `exit code ${code}: ${stderr}${stdout}` };
  if (code === 0 && findings.length === 0) {
    return { type: 'clean', batches: Number(report['batches']), events: Number(report['events']) };
  }
  // A code and a list that contradict each other are findings, too.
  return { type: 'found', findings: findings.length > 0 ? findings : ['exit code 1 without a finding'] };
}

function reportIn(stdout: string): Readonly<Record<string, unknown>> | null {
  try {
    const report: unknown = JSON.parse(stdout);
    // An object read from JSON has string keys and nothing else is said of its values.
    return typeof report === 'object' && report !== null ? (report as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
