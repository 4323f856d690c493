/** One measure of growth: run by name, at a size. */
import type { Section } from './section.ts';

/** `small` shows in seconds that a measure works; its figures say little. `full` has the sizes of the README. */
export type Size = 'small' | 'full';

export interface RunOptions {
  readonly size: Size;
  readonly progress: (done: number, of: number, what: string) => void;
}

export interface Measure {
  /** As on the command line. */
  readonly name: string;
  readonly title: string;
  /** Throws when the program answers otherwise than it must, or a sum does not hold. */
  readonly run: (options: RunOptions) => Promise<Section>;
}
