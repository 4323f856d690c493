/**
 * One figure of the report: what was measured, as a plot and a table. All that the bench finds is an array of these, so a
 * new measurement needs no new code in the report.
 */

export interface Section {
  /** Stable from version to version, kebab-case: results of different dates are compared by it. */
  readonly name: string;
  /** A sentence that says what is shown, as the heading of the plot. */
  readonly title: string;
  /** Of every y: `holds/s`, `ms`, `MiB`. */
  readonly unit: string;
  readonly series: readonly Series[];
  /** The table below the plot; its columns are the keys of the first row. */
  readonly rows: readonly Row[];
  /** Whole sentences: how it was measured, what stands beside it, what was not as expected. */
  readonly notes: readonly string[];
  /** `bars`: one bar a series, from its first point. Left out: bars when every series has one point, else lines. */
  readonly chart?: 'bars' | 'lines' | 'none';
  /** Which way is good; said beside the plot. */
  readonly better?: 'higher' | 'lower';
  readonly x?: Axis;
  readonly yScale?: Scale;
}

export type Scale = 'linear' | 'log';

export interface Axis {
  /** With its unit: `connections`, `events in the journal, millions`. */
  readonly label: string;
  readonly scale?: Scale;
}

export interface Series {
  /** Of the contender, or what varies; written at the line or the bar. */
  readonly label: string;
  readonly points: readonly Point[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
  /** The lowest and the highest round, where `y` is the median of several. */
  readonly low?: number;
  readonly high?: number;
}

/** A cell is text or a number; null says that there is none. */
export type Row = Readonly<Record<string, string | number | null>>;
