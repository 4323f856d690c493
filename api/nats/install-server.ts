/**
 * Where the `nats-server` program comes from: the PATH, else the project's own folder, which can be filled on Debian
 * and Ubuntu without being root. Nothing is installed into the system.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants, copyFileSync, chmodSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const program = 'nats-server';
/** A package list of a slow mirror takes longest, ms. */
const commandMaxMs = 60_000;

/** The project's own folder for the program; not under version control. */
export const projectFolder = fileURLToPath(new URL('../../.nats/', import.meta.url));

const howToGetOne =
  'put nats-server 2.9 or later on the PATH (https://nats.io/download, or "brew install nats-server"), ' +
  'or set NATS_URL to a server that runs';

/** The path of a program that can be run: on the PATH, else in `folder`; null when there is none. */
export function findServer(path: string, folder: string = projectFolder): string | null {
  for (const directory of [...path.split(delimiter), folder]) {
    const candidate = join(directory, program);
    if (directory !== '' && isProgram(candidate)) return candidate;
  }
  return null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

export type Installed =
  | { readonly type: 'installed'; readonly path: string }
  /** One sentence for an operator: what went wrong, and what to do instead. */
  | { readonly type: 'none'; readonly reason: string };

/** Fetches the distribution's package and unpacks the program into `folder`. Takes at most a few minutes, never rejects. */
export async function installServer(folder: string = projectFolder): Promise<Installed> {
  if (!(await hasCommand('apt-get')) || !(await hasCommand('dpkg'))) {
    return { type: 'none', reason: `this system has no apt-get to fetch it with: ${howToGetOne}` };
  }
  let scratch: string | null = null;
  try {
    mkdirSync(folder, { recursive: true });
    scratch = mkdtempSync(join(folder, 'unpacking-'));
    const unpacked = join(scratch, 'unpacked');
    await run('dpkg', ['-x', await download(scratch), unpacked], { timeout: commandMaxMs });
    const found = join(scratch, program);
    copyFileSync(programIn(unpacked), found);
    chmodSync(found, 0o755);
    // Whole or absent for whoever looks meanwhile, and for two installations at once.
    const path = join(folder, program);
    renameSync(found, path);
    rmSync(failureNote(folder), { force: true });
    return { type: 'installed', path };
  } catch (error) {
    return { type: 'none', reason: `its package could not be had (${firstLine(error)}): ${howToGetOne}` };
  } finally {
    if (scratch !== null) rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * `findServer`, and if there is none, one attempt to install it. An attempt that failed is noted in the folder, so that
 * later starts do not wait for it again; `npm run nats:install` always tries.
 */
export async function findOrInstallServer(
  path: string,
  folder: string = projectFolder,
  onInstall: () => void = () => {},
): Promise<Installed> {
  const found = findServer(path, folder);
  if (found !== null) return { type: 'installed', path: found };
  if (existsSync(failureNote(folder))) {
    return {
      type: 'none',
      reason: `${readFileSync(failureNote(folder), 'utf8').trim()}; npm run nats:install tries again`,
    };
  }
  onInstall();
  const installed = await installServer(folder);
  if (installed.type === 'none') noteFailure(folder, installed.reason);
  return installed;
}

function failureNote(folder: string): string {
  return join(folder, 'not-installed.txt');
}

function noteFailure(folder: string, reason: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(failureNote(folder), `${reason}\n`);
  } catch {
    // A folder that cannot be written to only means that the next start tries again.
  }
}

/** Puts the newest package into `directory` and returns its path. The lists are fetched when they are missing and it may. */
async function download(directory: string): Promise<string> {
  const fetchPackage = () => run('apt-get', ['download', program], { cwd: directory, timeout: commandMaxMs });
  try {
    await fetchPackage();
  } catch (error) {
    if (process.getuid?.() !== 0) throw error;
    await run('apt-get', ['update'], { timeout: commandMaxMs });
    await fetchPackage();
  }
  const name = readdirSync(directory).find((file) => file.startsWith(program) && file.endsWith('.deb'));
  if (name === undefined) throw new Error('apt-get downloaded nothing');
  return join(directory, name);
}

function programIn(unpacked: string): string {
  const places = ['usr/sbin', 'usr/bin'].map((directory) => join(unpacked, directory, program));
  const found = places.find(isProgram);
  if (found === undefined) throw new Error('the package holds no nats-server');
  return found;
}

async function hasCommand(name: string): Promise<boolean> {
  return await run(name, ['--version'], { timeout: commandMaxMs }).then(
    () => true,
    () => false,
  );
}

function firstLine(error: unknown): string {
  const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  const line = text.split('\n').find((candidate) => candidate.startsWith('E: ')) ?? String(error).split('\n')[0];
  return (line ?? 'unknown').slice(0, 200);
}
