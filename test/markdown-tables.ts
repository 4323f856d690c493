/** Tables of a document, so that a test can hold them against the code. */
import assert from 'node:assert/strict';

/** The rows of the table whose first column has this title, cell by cell. */
export function tableOf(document: string, title: string): readonly (readonly string[])[] {
  const lines = document.split('\n');
  const header = lines.findIndex((line) => line.startsWith(`| ${title} |`));
  assert.notEqual(header, -1, `no table "${title}"`);
  const rows: string[][] = [];
  for (const line of lines.slice(header + 2)) {
    if (!line.startsWith('|')) break;
    rows.push(
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
  }
  return rows;
}

/** What stands in backticks. */
export function codeIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]*)`/g)].map(([, code = '']) => code);
}

/** Names of the fields of `{a: string, b?: integer}`, the first code of a cell; those that may be missing with a `?`. */
export function fieldsIn(cell: string): string[] {
  const shape = codeIn(cell).find((code) => code.startsWith('{'));
  assert.ok(shape !== undefined, `no fields in: ${cell}`);
  return [...shape.matchAll(/(\w+\??):/g)].map(([, name = '']) => name);
}
