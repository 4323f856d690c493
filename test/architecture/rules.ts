/** The rules of the tree, as functions from one file to what it breaks. */
import path from 'node:path';
import { importsOf, withoutComments } from './source-text.ts';

export const folders = ['engine', 'actors', 'storage', 'api'] as const;
type Folder = (typeof folders)[number];

/** Where the values of all folders meet. */
const compositionRoot = 'api/main.ts';

/** Whose modules a folder may load beside its own, and whose types it may name. */
const arrows: Record<Folder, { readonly values: readonly Folder[]; readonly types: readonly Folder[] }> = {
  engine: { values: [], types: [] },
  actors: { values: [], types: ['engine'] },
  storage: { values: [], types: ['engine', 'actors'] },
  api: { values: ['engine'], types: ['engine', 'actors', 'storage'] },
};

/** What a pure function cannot need: waiting, clocks, chance, the machine. */
const impure =
  /\b(?:async|await|Promise|Date|performance|setTimeout|setInterval|setImmediate|queueMicrotask|crypto|process|console|fetch|globalThis|require)\b|\bMath\s*\.\s*random\b|\bimport\s*\(/g;

/** Files are about 250 lines at most; a tenth more is let pass, so that no file is cut where it has no joint. */
export const fileLinesMax = 275;

/** Files that may be longer, each with the reason. */
export const longFiles: Readonly<Record<string, string>> = {
  'test/http/problems.test.ts': 'one row a problem in one process, so that its last test can say that none is missing',
};

/** Imports of `file` (its path from the root) that the arrows forbid. */
export function brokenArrows(file: string, source: string): string[] {
  const folder = folderOf(file);
  if (folder === null || file === compositionRoot) return [];
  const broken: string[] = [];
  for (const { from, typeOnly } of importsOf(source)) {
    if (!from.startsWith('.')) {
      if (folder === 'actors') broken.push(`${file} imports ${from}: actors import no library`);
      continue;
    }
    const target = path.posix.normalize(path.posix.join(path.posix.dirname(file), from));
    const to = folderOf(target);
    if (to === folder) continue;
    const allowed = to !== null && arrows[folder][typeOnly ? 'types' : 'values'].includes(to);
    if (!allowed) broken.push(`${file} imports ${typeOnly ? 'types' : 'values'} from ${target}`);
  }
  return broken;
}

/** Words in an actor's code that a pure function cannot need. */
export function impurities(file: string, source: string): string[] {
  if (folderOf(file) !== 'actors') return [];
  return [...withoutComments(source, false).matchAll(impure)].map(([word]) => `${file} uses ${word}`);
}

export function tooLong(file: string, source: string): string[] {
  const lines = source.split('\n').length - 1;
  return lines > fileLinesMax && !Object.hasOwn(longFiles, file) ? [`${file} has ${lines} lines`] : [];
}

function folderOf(file: string): Folder | null {
  return folders.find((folder) => file.startsWith(`${folder}/`)) ?? null;
}
