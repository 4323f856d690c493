/**
 * How fast a room lets people in. A bucket fills by the rate and holds one second's worth, at least one person; in
 * thousandths of a person, so that whole milliseconds at a whole rate give whole numbers.
 */
const onePerson = 1000;
const secondsCounted = 60;

export class Pace {
  units = 0;
  atMs = 0;
  /** Admissions in each of the last 60 s: slot `s % 60` counts second `s` since the epoch. */
  readonly second: number[] = Array.from({ length: secondsCounted }, () => -1);
  readonly count: number[] = Array.from({ length: secondsCounted }, () => 0);

  /** A new rate rules: what was saved beyond its bucket is gone. */
  change(perSecond: number): void {
    this.units = Math.min(this.units, bucketOf(perSecond));
  }

  /** Lets one person in; false when the rate did not allow it. */
  admit(perSecond: number, atMs: number): boolean {
    const filled = this.units + perSecond * Math.max(0, atMs - this.atMs);
    this.units = Math.min(bucketOf(perSecond), filled) - onePerson;
    this.atMs = Math.max(this.atMs, atMs);
    const second = Math.floor(atMs / 1000);
    const slot = second % secondsCounted;
    if (this.second[slot] !== second) this.count[slot] = 0;
    this.second[slot] = second;
    this.count[slot] = (this.count[slot] ?? 0) + 1;
    return this.units >= 0;
  }
}

function bucketOf(perSecond: number): number {
  return perSecond === 0 ? 0 : Math.max(1, perSecond) * onePerson;
}
