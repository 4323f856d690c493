/** One measure of growth: run by name, at a size. */
import type { Section } from '../report/section.ts';

/** `small` shows in seconds that a measure works; its figures say little. `full` has the sizes of the README. */
export type Size = 'small' | 'full';

export interface RunOptions {
  readonly size: Size;
  readonly progress: (done: number, of: number, what: string) => void;
}

/** One number of the table. */
export type GrowthRow = Readonly<{ what: string; value: number; unit: string }>;

export interface GrowthSection extends Section {
  readonly rows: readonly GrowthRow[];
}

export interface Measure {
  /** As on the command line. */
  readonly name: string;
  readonly title: string;
  /** Throws when the program answers otherwise than it must, or a sum does not hold. */
  readonly run: (options: RunOptions) => Promise<GrowthSection>;
}
