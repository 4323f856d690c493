/**
 * The layout of a hall: which seats there are, in which order, at which price. It is the same for every date with
 * equal sections, so dates share it; a schedule's own memory holds only what differs (status and owner of a seat).
 */
import { readCount } from './ids.ts';
import type { Seat, SeatLayout, SectionSpec } from './messages.ts';
import { blankSeats, type BlankSeats } from './seat-map.ts';

interface Row {
  readonly section: string;
  readonly row: string;
  readonly price: number;
  /** Index of its first seat. */
  readonly first: number;
  readonly seats: number;
  /** `<section>-<row>`: neither name holds a hyphen, so no two rows share it. */
  readonly prefix: string;
}

/** Sections, rows and seats as nested arrays: equal content, equal text, whatever the order of fields was. */
export type CanonicalSections = readonly (readonly [
  name: string,
  price: number,
  rows: readonly (readonly [name: string, seats: number])[],
])[];

export class Layout implements SeatLayout {
  readonly seatsTotal: number;
  readonly canonical: CanonicalSections;
  readonly #rows: readonly Row[];
  readonly #rowByPrefix: ReadonlyMap<string, Row>;
  #blank: BlankSeats | null = null;

  constructor(canonical: CanonicalSections) {
    const rows: Row[] = [];
    let first = 0;
    for (const [section, price, rowsOfSection] of canonical) {
      for (const [row, seats] of rowsOfSection) {
        rows.push({ section, row, price, first, seats, prefix: `${section}-${row}` });
        first += seats;
      }
    }
    this.canonical = canonical;
    this.seatsTotal = first;
    this.#rows = rows;
    this.#rowByPrefix = new Map(rows.map((row) => [row.prefix, row]));
  }

  /** The seat's index in layout order, or -1 when there is no such seat. */
  indexOf(seatId: string): number {
    const hyphen = seatId.lastIndexOf('-');
    if (hyphen < 0) return -1;
    const row = this.#rowByPrefix.get(seatId.slice(0, hyphen));
    if (row === undefined) return -1;
    const number = readCount(seatId, hyphen + 1);
    return number === 0 || number > row.seats ? -1 : row.first + number - 1;
  }

  /** The seat at an index below `seatsTotal`. */
  seatAt(index: number): Seat {
    return seatOf(this.#rowAt(index), index);
  }

  /** Not kept: a hall of which somebody lists the seats would hold 100 bytes for each. */
  *seats(): Generator<Seat, void, void> {
    for (const row of this.#rows) {
      for (let i = 0; i < row.seats; i++) yield seatOf(row, row.first + i);
    }
  }

  /** Shared by all dates of this layout of which no seat was ever held. */
  blank(): BlankSeats {
    this.#blank ??= blankSeats(this.seatsTotal);
    return this.#blank;
  }

  /** Binary search for the last row that starts at or before the index. */
  #rowAt(index: number): Row {
    let low = 0;
    let high = this.#rows.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const row = this.#rows[middle];
      if (row !== undefined && row.first <= index) low = middle;
      else high = middle - 1;
    }
    const row = this.#rows[low];
    if (row === undefined || index < 0 || index >= this.seatsTotal) throw new Error(`no seat has the index ${index}`);
    return row;
  }
}

function seatOf(row: Row, index: number): Seat {
  const number = index - row.first + 1;
  return { id: `${row.prefix}-${number}`, section: row.section, row: row.row, number, price: row.price };
}

export function seatsIn(sections: readonly SectionSpec[]): number {
  let total = 0;
  for (const section of sections) for (const row of section.rows) total += row.seats;
  return total;
}

export function canonicalSections(sections: readonly SectionSpec[]): CanonicalSections {
  return sections.map(({ name, price, rows }) => [name, price, rows.map((row) => [row.name, row.seats] as const)]);
}

/**
 * Layouts by content. They are held weakly, so a layout goes when the last schedule that uses it has left memory;
 * what is left of it here is swept whenever the table has doubled.
 */
export function createLayouts(): (canonical: CanonicalSections) => Layout {
  const layouts = new Map<string, WeakRef<Layout>>();
  let sweepAtSize = 64;
  return (canonical) => {
    const key = JSON.stringify(canonical);
    const known = layouts.get(key)?.deref();
    if (known !== undefined) return known;
    if (layouts.size >= sweepAtSize) {
      for (const [other, layout] of layouts) if (layout.deref() === undefined) layouts.delete(other);
      sweepAtSize = Math.max(64, layouts.size * 2);
    }
    const layout = new Layout(canonical);
    layouts.set(key, new WeakRef(layout));
    return layout;
  };
}
