/** Compares a table with the rows that it should have, both in the order of the key that leads each row. */
import type { Findings } from '../findings.ts';
import type { Row } from './read-only.ts';

/**
 * @param keyWidth how many of the first columns are the key
 * @returns how many rows the table has
 */
export function compareTable(
  findings: Findings,
  table: string,
  keyWidth: number,
  rows: Iterable<Row>,
  expected: Iterable<Row>,
): number {
  const right = expected[Symbol.iterator]();
  let next = read(right);
  let count = 0;
  const where = (row: Row): string => `read-model.db, ${table} ${row.slice(0, keyWidth).map(String).join(', ')}`;
  const missing = (row: Row): void => findings.addAt('read-model-missing', where(row), JSON.stringify(row));
  for (const row of rows) {
    count += 1;
    while (next !== undefined && keyOrder(next, row, keyWidth) < 0) {
      missing(next);
      next = read(right);
    }
    if (next === undefined || keyOrder(next, row, keyWidth) > 0) {
      findings.addAt('read-model-extra', where(row), JSON.stringify(row));
      continue;
    }
    if (!sameRow(row, next)) findings.addAt('read-model-differs', where(row), differenceOf(row, next));
    next = read(right);
  }
  for (; next !== undefined; next = read(right)) missing(next);
  return count;
}

export function sameRow(a: Row, b: Row): boolean {
  if (a.length !== b.length) return false;
  for (let column = 0; column < a.length; column += 1) if (a[column] !== b[column]) return false;
  return true;
}

export function differenceOf(row: Row, expected: Row): string {
  return `${JSON.stringify(row)}, not ${JSON.stringify(expected)}`;
}

function keyOrder(a: Row, b: Row, width: number): number {
  for (let column = 0; column < width; column += 1) {
    const [left, right] = [a[column] ?? '', b[column] ?? ''];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

function read(rows: Iterator<Row>): Row | undefined {
  const next = rows.next();
  return next.done === true ? undefined : next.value;
}
