/** `npm run import -- FILE`: puts the concerts and schedules of a JSON lines file into a running server. */
import { statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseConfig, type Config } from './config.ts';
import { AdminClient, ImportStopped } from './import/admin-client.ts';
import { importFile, type ImportReport } from './import/import-file.ts';
import { ProgressBar } from './import/progress-bar.ts';
import { adminKeyPath, readSecret, SecretUnusable } from './secrets.ts';

const usage = `Usage: npm run import -- FILE [--url http://127.0.0.1:3000] [--key ADMIN_KEY]

FILE holds one JSON object a line, {"concert": {…}} or {"schedule": {"concertId": …, …}}, with the bodies of the
admin API, ids included. It may be imported again: what is there already and equal is skipped.
The key is that of --key, else ADMIN_KEY, else the one kept under DATA_DIR.
`;

/** Exit code 1: not all was imported; 2: the arguments are wrong. */
function fail(message: string, code: 1 | 2 = 1): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

function keyOf(config: Config, given: string | undefined): string {
  const key = given ?? config.adminKey ?? readSecret(adminKeyPath(config.dataDir));
  if (key !== undefined) return key;
  throw new ImportStopped(
    `There is no admin key: give --key or ADMIN_KEY, or set DATA_DIR to the server's (${config.dataDir} has none).`,
  );
}

function printReport(report: ImportReport, seconds: number): void {
  for (const { line, reason } of report.badLines) process.stdout.write(`line ${line}: ${reason}\n`);
  const unnamed = report.bad - report.badLines.length;
  if (unnamed > 0) process.stdout.write(`and ${unnamed} more bad lines\n`);
  const { imported, skipped, bad } = report;
  process.stdout.write(`${imported} imported, ${skipped} skipped, ${bad} bad in ${seconds.toFixed(1)} s\n`);
}

async function run(file: string, url: string | undefined, givenKey: string | undefined): Promise<ImportReport> {
  const parsed = parseConfig(process.env);
  if (!parsed.ok) throw new ImportStopped(parsed.errors.join('\n'));
  const found = statSync(file);
  if (!found.isFile()) throw new ImportStopped(`${file} is not a regular file; it is read twice.`);
  const client = new AdminClient(url ?? `http://127.0.0.1:${parsed.config.port}`, keyOf(parsed.config, givenKey));
  await client.greet();
  const bar = new ProgressBar(process.stderr, 2 * found.size);
  try {
    return await importFile(file, client, (progress) => bar.show(progress));
  } finally {
    bar.end();
  }
}

let args;
try {
  const options = { url: { type: 'string' }, key: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;
  args = parseArgs({ options, allowPositionals: true });
} catch (error) {
  fail(`${error instanceof Error ? error.message : String(error)}\n${usage}`, 2);
}
if (args.values.help === true) {
  process.stdout.write(usage);
  process.exit(0);
}
const [file, ...others] = args.positionals;
if (file === undefined || others.length > 0) fail(usage, 2);

const startedAt = performance.now();
try {
  const report = await run(file, args.values.url, args.values.key);
  printReport(report, (performance.now() - startedAt) / 1000);
  process.exitCode = report.bad === 0 ? 0 : 1;
} catch (error) {
  const expected = error instanceof ImportStopped || error instanceof SecretUnusable;
  if (expected || (error instanceof Error && 'code' in error)) fail(error.message);
  throw error;
}
