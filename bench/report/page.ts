import type { BenchResult } from './result.ts';
export function pageOf(result: BenchResult): string {
  return result.facts.date;
}
