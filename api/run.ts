/** The process around the program: configuration, signals, exit codes, and the demo on an empty data directory. */
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseConfig, type Config } from './config.ts';
import { firstSteps, loadDemo } from './demo.ts';
import { limits } from './limits.ts';
import { createLog, type Log } from './log.ts';

/** Exit codes: 0 stopped as asked, 1 stopped by an error that the last line of the log names, 2 wrong configuration. */
const exitStopped = 0;
const exitFailed = 1;
const exitMisconfigured = 2;

export interface Running {
  readonly url: string;
  readonly adminKey: string;
  /** Stamped time, ms since the epoch. */
  nowMs(): number;
  /** Stops gracefully: what is in flight is finished, final snapshots are taken, the data directory is free again. */
  stop(): Promise<void>;
}

export type Start = (config: Config, log: Log, onFatal: (error: unknown) => void) => Promise<Running>;

/** @param makeDataDir makes the data directory where there is none; throws in words for operators */
export async function run(start: Start, makeDataDir: (dataDir: string) => void): Promise<void> {
  // Everything under the data directory is for its owner only, also where the directory itself was made more open.
  process.umask(0o077);
  if (process.argv.length > 2) {
    process.stderr.write('Onsale takes no arguments: environment variables configure it (README.md, Configuration).\n');
    process.exit(exitMisconfigured);
  }
  const parsed = parseConfig(process.env);
  if (!parsed.ok) {
    process.stderr.write(`Onsale cannot start with this configuration:\n  ${parsed.errors.join('\n  ')}\n`);
    process.exit(exitMisconfigured);
  }
  const { config } = parsed;
  const log = createLog(config.logLevel);
  const fatal = (error: unknown): void => {
    // What an operator can mend is said in one sentence; anything else is a bug and shows where it is.
    if (isForOperators(error)) log.fatal({ error: error.name }, error.message);
    else log.fatal({ err: error }, 'stopped by a bug');
    process.exit(exitFailed);
  };
  process.on('uncaughtException', fatal);
  process.on('unhandledRejection', fatal);
  for (const warning of parsed.warnings) log.warn(warning);
  if (config.authJwtSecret === null) {
    log.warn('AUTH_JWT_SECRET is not set: callers name their own user. Use this for development only');
  }
  const stop = stopOnSignal(log, fatal);
  if (config.demo) markEmpty(config.dataDir, makeDataDir);
  const running = await start(config, log, fatal);
  stop.running = running;
  if (config.demo) await demo(running, config, log, () => stop.asked);
}

interface Stop {
  /** Null while the program starts: then there is nothing to finish, and nothing was promised to anyone. */
  running: Running | null;
  asked: boolean;
}

function stopOnSignal(log: Log, fatal: (error: unknown) => void): Stop {
  const state: Stop = { running: null, asked: false };
  const stop = (signal: NodeJS.Signals): void => {
    if (state.asked) return;
    state.asked = true;
    log.info({ signal }, 'stopping');
    if (state.running === null) process.exit(exitStopped);
    const late = setTimeout(() => {
      log.warn('stopping took too long; leaving now, nothing confirmed is lost');
      process.exit(exitStopped);
    }, limits.drainMs);
    late.unref();
    state.running.stop().then(() => {
      log.info('stopped');
      process.exit(exitStopped);
    }, fatal);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  return state;
}

const operatorErrors = new Set([
  'DirectoryLocked',
  'StorageDamaged',
  'StorageUnavailable',
  'SecretUnusable',
  'AddressUnusable',
  'LineAway',
]);
const operatorCodes = new Set<unknown>(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE']);

function isForOperators(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return operatorErrors.has(error.name) || ('code' in error && operatorCodes.has(error.code));
}

/**
 * The marker says that the demo is wanted and not finished: a process that dies meanwhile loads it at the next start,
 * and what is there already stays as it is.
 */
function markerOf(dataDir: string): string {
  return join(dataDir, 'demo.unfinished');
}

/** Where one of these is, the journal may only be away; the demo must not go into it once it is back. */
const madeByEarlierStarts = ['lock.db', 'journal.db', 'state.db', 'read-model.db'];

function markEmpty(dataDir: string, makeDataDir: (dataDir: string) => void): void {
  if (madeByEarlierStarts.some((name) => existsSync(join(dataDir, name)))) return;
  makeDataDir(dataDir);
  writeFileSync(markerOf(dataDir), '');
}

/** Goes through the same admin calls as anyone's data. */
async function demo(
  running: Running,
  { dataDir, authJwtSecret }: Config,
  log: Log,
  stopping: () => boolean,
): Promise<void> {
  if (!existsSync(markerOf(dataDir))) return;
  try {
    await loadDemo((path, body) => postTo(running, path, body), running.nowMs());
  } catch (error) {
    // A program that stops answers its own requests no more. Either way the next start loads the rest.
    if (!stopping()) log.error({ err: error }, 'the demo could not be loaded; the next start tries again');
    return;
  }
  rmSync(markerOf(dataDir));
  // They have no JWT.
  if (authJwtSecret === null) process.stdout.write(`\n${firstSteps(running.url)}\n\n`);
}

/** By an agent of its own, which goes through no proxy that the environment names: it carries the admin key. */
async function postTo({ url, adminKey }: Running, path: string, body: unknown): Promise<Response> {
  const agent = new Agent();
  try {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${adminKey}` };
    const sent = request(`${url}${path}`, { method: 'POST', headers, agent });
    sent.end(JSON.stringify(body));
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const { statusCode = 0, headers: got } = answer;
    return new Response(await text(answer), {
      status: statusCode,
      headers: { 'retry-after': got['retry-after'] ?? '1' },
    });
  } finally {
    agent.destroy();
  }
}
