/**
 * `npm run audit -- [DATA_DIR]`: replays the journal in a model of its own and compares everything made from it. Reads
 * only; the program may be running. Exits 0 without findings, 1 with some, 2 when it could not audit.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { auditDirectory } from './audit/audit-directory.ts';
import { reportText } from './audit/audit-report.ts';
import { fixedRules } from './audit/audit-rules.ts';
import type { AuditRules } from './audit/audit-rules.ts';
import { NotAudited } from './audit/files/read-only.ts';
import { ProgressBar } from './progress-bar.ts';

const usage = `npm run audit -- [DATA_DIR] [--json] [--hold-ttl-seconds N] [--max-seats-per-reservation N] [--max-seats-per-user N]
  [--overdue-seconds N]
DATA_DIR is the variable of this name, else ./data. The journal does not tell the settings of the program: give those
that were never changed to have them checked, too. Holds and sessions may end 1 s late, or as given.`;

interface Asked {
  readonly dataDir: string;
  readonly json: boolean;
  readonly rules: AuditRules;
}

function main(): number {
  const bar = new ProgressBar(process.stderr);
  try {
    const asked = parsed(process.argv.slice(2));
    if (asked === null) {
      process.stdout.write(`${usage}\n`);
      return 0;
    }
    const report = auditDirectory(asked.dataDir, asked.rules, (done, of) => {
      if (process.stderr.isTTY) bar.show(done, of, () => `batch ${done} of ${of}`);
    });
    bar.end();
    process.stdout.write(`${asked.json ? JSON.stringify(report) : reportText(asked.dataDir, report)}\n`);
    return report.findings.length === 0 ? 0 : 1;
  } catch (error) {
    bar.end();
    process.stderr.write(`Not audited: ${error instanceof NotAudited ? error.message : String(error)}\n`);
    return 2;
  }
}

/** Null when help was asked for. */
function parsed(args: readonly string[]): Asked | null {
  const { values, positionals } = parsedArgs(args);
  if (values.help === true) return null;
  if (positionals.length > 1) throw new NotAudited(`one DATA_DIR, not ${positionals.length}\n${usage}`);
  const ttlSeconds = whole(values['hold-ttl-seconds'], 'hold-ttl-seconds');
  const overdueSeconds = whole(values['overdue-seconds'], 'overdue-seconds');
  return {
    dataDir: resolve(positionals[0] ?? (process.env['DATA_DIR'] || './data')),
    json: values.json === true,
    rules: {
      ...fixedRules,
      overdueMaxMs: overdueSeconds === null ? fixedRules.overdueMaxMs : overdueSeconds * 1000,
      holdTtlMs: ttlSeconds === null ? null : ttlSeconds * 1000,
      seatsPerReservationMax: whole(values['max-seats-per-reservation'], 'max-seats-per-reservation'),
      seatsPerUserMax: whole(values['max-seats-per-user'], 'max-seats-per-user'),
    },
  };
}

function parsedArgs(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        'hold-ttl-seconds': { type: 'string' },
        'max-seats-per-reservation': { type: 'string' },
        'max-seats-per-user': { type: 'string' },
        'overdue-seconds': { type: 'string' },
      },
    });
  } catch (error) {
    throw new NotAudited(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}

function whole(text: string | undefined, name: string): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new NotAudited(`--${name} is ${text}, not a whole number above 0`);
  return value;
}

process.exitCode = main();
