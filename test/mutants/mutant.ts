/** A mutant as it lies in this folder: a patch that plants one known kind of bug, with what is said of it above the diff. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export const parts = ['engine', 'actors', 'storage', 'api'] as const;
export type Part = (typeof parts)[number];

export interface Mutant {
  /** The patch's file name without `.patch`. */
  readonly name: string;
  readonly file: string;
  readonly bug: string;
  readonly part: Part;
  /** The promise that it breaks. */
  readonly breaks: string;
  /** Files, from the root, that ought to catch it, the quickest first. */
  readonly tests: readonly string[];
  /** Files that it changes, from the root. */
  readonly changes: readonly string[];
}

const ending = '.patch';
const folder = import.meta.dirname;

/** Every mutant of this folder, in order of name. Throws for a patch without its headers. */
export function allMutants(): Mutant[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(ending))
    .sort()
    .map((file) => mutantOf(file.slice(0, -ending.length), join(folder, file)));
}

function mutantOf(name: string, file: string): Mutant {
  const text = readFileSync(file, 'utf8');
  const [head = '', ...diff] = text.split(/^(?=diff --git )/m);
  const header = (title: string): string => {
    const found = new RegExp(`^${title}: (\\S.*)$`, 'm').exec(head)?.[1];
    if (found === undefined) throw new Error(`${name}${ending} has no header ${title}:`);
    return found;
  };
  const part = header('Part');
  const changes = diff.flatMap((one) =>
    [...one.matchAll(/^(?:---|\+\+\+) [ab]\/(\S+)$/gm)].map((match) => match[1] ?? ''),
  );
  return {
    name,
    file,
    bug: header('Bug'),
    part: partNamed(part, name),
    breaks: header('Breaks'),
    tests: header('Tests').split(/\s+/),
    changes: [...new Set(changes)],
  };
}

function partNamed(text: string, name: string): Part {
  const part = parts.find((known) => known === text);
  if (part === undefined) throw new Error(`${name}${ending} is of part ${text}, which is none of ${parts.join(', ')}`);
  return part;
}
