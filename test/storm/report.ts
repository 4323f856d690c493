/** What a storm has shown, for people and for machines. */
import { blowKinds, type BlowKind } from './blows.ts';
import { doors } from './entry.ts';
import { isDouble, isLoss, type Finding } from './finding.ts';
import type { LoadCounts } from './load-messages.ts';

export interface AuditCounts {
  /** Audits that looked at the whole directory. */
  done: number;
  findings: number;
  /** Of the last one. */
  batches: number;
  events: number;
}

export interface StormReport {
  readonly seed: string;
  readonly roundsWanted: number;
  readonly roundsDone: number;
  readonly elapsedMs: number;
  readonly load: LoadCounts | null;
  readonly blows: Readonly<Record<BlowKind, number>>;
  /** Kills and pauses of single processes. */
  readonly kills: { readonly engine: number; readonly nats: number; readonly pauses: number };
  /** From the kill to both being ready with nothing degraded, without the time that the storm left them down. */
  readonly recoveries: { readonly count: number; readonly medianMs: number | null; readonly longestMs: number | null };
  readonly lostAcks: number;
  readonly doubleEffects: number;
  readonly otherFindings: number;
  readonly audits: AuditCounts;
  readonly findings: readonly Finding[];
  /** Where the data is, when it was kept. */
  readonly kept: readonly string[];
}

export function countBlows(kinds: readonly BlowKind[]): Pick<StormReport, 'blows' | 'kills'> {
  const of = (kind: BlowKind): number => kinds.filter((one) => one === kind).length;
  const blows = Object.fromEntries(blowKinds.map((kind) => [kind, of(kind)]));
  return {
    // True: there is one entry for each kind.
    blows: blows as Record<BlowKind, number>,
    kills: {
      engine: of('engine') + of('both') + 2 * of('engine-again'),
      nats: of('nats') + of('both'),
      pauses: of('pause-engine') + of('pause-nats'),
    },
  };
}

export function countFindings(findings: readonly Finding[]) {
  const lostAcks = findings.filter(isLoss).length;
  const doubleEffects = findings.filter(isDouble).length;
  return { lostAcks, doubleEffects, otherFindings: findings.length - lostAcks - doubleEffects };
}

export function recoveriesOf(tookMs: readonly number[]): StormReport['recoveries'] {
  const sorted = tookMs.toSorted((a, b) => a - b).map(Math.round);
  return {
    count: sorted.length,
    medianMs: sorted[Math.floor(sorted.length / 2)] ?? null,
    longestMs: sorted.at(-1) ?? null,
  };
}

export function passed({ findings, roundsDone, roundsWanted }: StormReport): boolean {
  return findings.length === 0 && roundsDone === roundsWanted;
}

export function reportText(report: StormReport): string {
  const { load, kills, recoveries, audits, blows } = report;
  const byKind = blowKinds.map((kind) => `${kind} ${blows[kind]}`).join(', ');
  return [
    `storm: ${report.roundsDone} of ${report.roundsWanted} rounds in ${(report.elapsedMs / 1000).toFixed(1)} s, seed ${report.seed}`,
    ...(load === null ? [] : loadLines(load)),
    `  kills: engine ${kills.engine}, nats ${kills.nats}; pauses ${kills.pauses}  (${byKind})`,
    `  recoveries: ${recoveries.count}, median ${recoveries.medianMs ?? '-'} ms, longest ${recoveries.longestMs ?? '-'} ms`,
    `  lost acknowledgements: ${report.lostAcks}   double effects: ${report.doubleEffects}   other findings: ${report.otherFindings}`,
    auditLine(audits),
    ...report.kept.map((path) => `  kept: ${path}`),
    verdict(report),
    '',
  ].join('\n');
}

function verdict(report: StormReport): string {
  if (passed(report)) return '  PASSED';
  return report.findings.length > 0 ? '  FAILED' : '  NOT FINISHED: nothing found in the rounds that were';
}

function loadLines(load: LoadCounts): string[] {
  const lines = doors.map((door) => {
    const { sent, answered, settledLater, unknown } = load.byDoor[door];
    return `  ${door.padEnd(4)}: ${sent} sent, ${answered} answered, ${settledLater} unknown and then settled, ${unknown} unknown for ever`;
  });
  return [
    ...lines,
    `  ${load.reads} reads, ${load.reservations} reservations (${load.paid} paid) of ${load.dates} dates, ${load.places} places in line`,
    `  ${load.repeated} keyed commands repeated, ${load.feedEvents} events of the feed compared with the journal`,
  ];
}

function auditLine({ done, findings, batches, events }: AuditCounts): string {
  return `  auditor: ${done} audits, ${findings} findings, ${events} events in ${batches} batches at the last`;
}
