/**
 * A copy of the tree in which a bug may be planted: the files that git knows, as they are in the working tree, and links
 * to what it does not know (`node_modules`, `.nats`). It lies in the system's folder for temporary files and is no
 * repository, so that nothing that is done in it can touch this one.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

const prefix = 'onsale-mutant-';
const linked = ['node_modules', '.nats'];

export class ScratchCopy {
  readonly folder: string;
  static readonly #all = new Set<ScratchCopy>();

  constructor() {
    // The process's id tells a later run whether whoever made it still lives.
    this.folder = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
    ScratchCopy.#all.add(this);
    for (const file of knownFiles()) {
      mkdirSync(dirname(join(this.folder, file)), { recursive: true });
      copyFileSync(join(root, file), join(this.folder, file));
    }
    for (const name of linked) {
      if (existsSync(join(root, name))) symlinkSync(join(root, name), join(this.folder, name));
    }
  }

  /** Why the patch does not apply; null when it does. With `check` nothing is changed. */
  apply(patch: string, check = false): string | null {
    // Without what a hook of git sets: the copy is no repository, and must not be taken for a part of one.
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'));
    const env = { ...Object.fromEntries(inherited), GIT_CEILING_DIRECTORIES: dirname(this.folder) };
    try {
      const options = check ? ['--check'] : [];
      execFileSync('git', ['apply', ...options, patch], { cwd: this.folder, env, encoding: 'utf8', stdio: 'pipe' });
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    ScratchCopy.#all.delete(this);
  }

  /** For a run that is interrupted. */
  static removeAll(): void {
    for (const copy of ScratchCopy.#all) copy.remove();
  }
}

/** Removes copies whose maker was killed before it could. */
export function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

/** Tracked files that are there, and new ones that are not ignored. */
function knownFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return listed.split('\0').filter((file) => file !== '' && existsSync(join(root, file)));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: somebody else's, so it lives.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
