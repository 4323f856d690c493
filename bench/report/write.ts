/** Puts a result where it is kept: as JSON, as a table, and as a page. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { markdownOf } from './markdown.ts';
import { pageOf } from './page.ts';
import type { BenchResult } from './result.ts';

/** Gives back the three paths. */
export function writeResult(result: BenchResult, directory: string): string[] {
  mkdirSync(directory, { recursive: true });
  // `2027-01-31T20-15-00`: sorts by time, and is a file name everywhere.
  const name = result.facts.date.slice(0, 19).replaceAll(':', '-');
  const written: readonly (readonly [ending: string, text: string])[] = [
    ['json', `${JSON.stringify(result, null, 2)}\n`],
    ['md', markdownOf(result)],
    ['html', pageOf(result)],
  ];
  return written.map(([ending, text]) => {
    const path = join(directory, `${name}.${ending}`);
    writeFileSync(path, text);
    return path;
  });
}
