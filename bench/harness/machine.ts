/** Where and on what a run was made. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';

export interface RunFacts {
  readonly date: string;
  readonly command: string;
  readonly commit: string;
  readonly cores: number;
  readonly processor: string;
  readonly memoryGib: number;
  readonly kernel: string;
  /** Of the last minute, before and after. */
  readonly loadBefore: number;
  readonly loadAfter: number;
  readonly seconds: number;
  readonly versions: Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, '../..');
const libraries = ['hono', '@hono/node-server', 'better-sqlite3', '@nats-io/transport-node', 'autocannon', 'zod'];

/** Call it when the run begins; what it returns, when it is over. */
export function observeRun(command: string): () => RunFacts {
  const startedAt = new Date();
  const loadBefore = oneMinuteLoad();
  const commitBefore = commit();
  return () => ({
    date: startedAt.toISOString(),
    command,
    commit: commitBefore,
    cores: cpus().length,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    loadBefore,
    loadAfter: oneMinuteLoad(),
    seconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
    versions: { node: process.versions.node, ...libraryVersions() },
  });
}

function oneMinuteLoad(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}

function commit(): string {
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no') === '' ? '' : ' with changes';
    return git('rev-parse', '--short=12', 'HEAD') + changed;
  } catch {
    return 'unknown';
  }
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
}

function libraryVersions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  return Object.fromEntries(libraries.map((name) => [name, versionIn(require.resolve.paths(name) ?? [], name)]));
}

function versionIn(folders: readonly string[], name: string): string {
  for (const folder of folders) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8'));
      if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
    } catch {
      continue;
    }
  }
  return 'unknown';
}
