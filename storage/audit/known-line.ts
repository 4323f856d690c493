/** A line as its room knows it: through which place everyone is dealt with, and who above that has left. */
import type { LineKind } from '../../actors/admission/messages.ts';

export class KnownLine {
  readonly epoch: string;
  readonly kind: LineKind;
  takenThrough = 0;
  lost = false;
  /** Places above `takenThrough`. */
  left = new Set<number>();

  constructor(epoch: string, kind: LineKind) {
    this.epoch = epoch;
    this.kind = kind;
  }

  takeThrough(place: number): void {
    if (place <= this.takenThrough) return;
    if (place - this.takenThrough <= this.left.size) {
      for (let gone = this.takenThrough + 1; gone <= place; gone += 1) this.left.delete(gone);
    } else {
      for (const left of this.left) if (left <= place) this.left.delete(left);
    }
    this.takenThrough = place;
  }

  lose(): void {
    this.lost = true;
    this.left = new Set();
  }

  /** The places that left, as ranges `[from, to, from, to, …]` in order. */
  leftRanges(): number[] {
    const ranges: number[] = [];
    for (const place of [...this.left].sort((a, b) => a - b)) {
      if (ranges.at(-1) === place - 1) ranges[ranges.length - 1] = place;
      else ranges.push(place, place);
    }
    return ranges;
  }
}
