/**
 * `npm run storm -- --rounds N [--seed S] [--keep] [--json FILE]`: see README.md.
 *
 * Exits 0 when every round has passed, 1 on any finding, 2 on a wrong command line, 130 when it was interrupted.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { passed, reportText } from './report.ts';
import { runStorm, type RoundDone } from './storm.ts';

const usage = `Usage: npm run storm -- [--rounds N] [--seed S] [--keep] [--json FILE]

Kills and pauses the engine and its nats-server at random instants under load, N times (20) on one data directory, and
compares everything that was acknowledged with everything that is there. --keep leaves the data; a failure always does.
`;
const roundsDefault = 20;
const roundsMax = 100_000;
const barWidth = 24;

interface Wanted {
  readonly rounds: number;
  readonly seed: string;
  readonly keep: boolean;
  readonly json: string | undefined;
}

function wanted(args: readonly string[]): Wanted | 'help' {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = { rounds: text, seed: text, json: text, keep: flag, help: flag };
  const { values } = parseArgs({ args: [...args], options });
  if (values.help === true) return 'help';
  const rounds = Number(values.rounds ?? roundsDefault);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > roundsMax) {
    throw new Error(`--rounds must be a whole number from 1 to ${roundsMax}`);
  }
  return { rounds, seed: values.seed ?? String(Date.now()), keep: values.keep ?? false, json: values.json };
}

function progress(rounds: number, { blow, recoveredMs, tookMs, findings, load, audit }: RoundDone): string {
  const filled = Math.round((blow.round / rounds) * barWidth);
  const bar = `${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}`;
  const sent = Object.values(load?.byDoor ?? {}).reduce((sum, counts) => sum + counts.sent, 0);
  const parts = [
    `[${bar}] ${String(blow.round).padStart(String(rounds).length)}/${rounds}`,
    blow.kind.padEnd(12),
    recoveredMs === null ? '               ' : `back in ${String(Math.round(recoveredMs)).padStart(4)} ms`,
    `${(tookMs / 1000).toFixed(1)} s`,
    `${sent} commands`,
    ...(audit === null ? [] : [audit]),
    ...(findings.length === 0 ? [] : [`${findings.length} FINDINGS`]),
  ];
  return `${parts.join('  ')}\n`;
}

async function main(): Promise<number> {
  let asked: Wanted | 'help';
  try {
    asked = wanted(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  if (asked === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  const { rounds, seed, keep, json } = asked;
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  process.stdout.write(
    `storm: ${rounds} rounds, seed ${seed} (kinds and instants follow from it; what they hit does not)\n`,
  );
  const report = await runStorm({
    rounds,
    seed,
    keep,
    stopped: stop.signal,
    onRound: (done) => process.stdout.write(progress(rounds, done)),
  });
  for (const finding of report.findings) process.stdout.write(`${JSON.stringify(finding, null, 2)}\n`);
  process.stdout.write(reportText(report));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
  if (stop.signal.aborted) return 130;
  return passed(report) ? 0 : 1;
}

// What an interrupted round would still do is not waited for; its processes end with this one.
process.exit(await main());
