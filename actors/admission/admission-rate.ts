/**
 * The pace of one room: a token bucket over journaled facts. In units of a thousandth of an admission the refill of
 * `admitPerSecond` over whole milliseconds is a whole number, so that nothing is lost or gained by rounding.
 *
 * It holds at most one second's worth (at least one admission), hence in any window of `w` seconds under one policy at
 * most `rate * w + max(rate, 1)` people are admitted. A new policy keeps no more than its own bucket holds, and refills
 * from the last admission on at the new rate: never more than if that rate had ruled since then.
 */

const unitsPerAdmission = 1000;

export interface RateBucket {
  /** What it held at `atMs`, thousandths of an admission. */
  units: number;
  /** Stamped time of the last admission, ms. */
  atMs: number;
}

/** The most that the bucket of this rate holds, thousandths of an admission. */
function unitsMax(perSecond: number): number {
  return perSecond === 0 ? 0 : Math.max(1, perSecond) * unitsPerAdmission;
}

/** What the bucket holds at `atMs`, thousandths of an admission. */
function unitsAt(bucket: RateBucket, perSecond: number, atMs: number): number {
  const elapsedMs = Math.max(0, atMs - bucket.atMs);
  return Math.min(unitsMax(perSecond), bucket.units + perSecond * elapsedMs);
}

/** How many whole admissions the rate allows at `atMs`. */
export function admissionsAt(bucket: RateBucket, perSecond: number, atMs: number): number {
  return Math.floor(unitsAt(bucket, perSecond, atMs) / unitsPerAdmission);
}

/** The first whole millisecond at which one more is allowed than at `atMs`; `Infinity` when that never comes. */
export function nextAdmissionAtMs(bucket: RateBucket, perSecond: number, atMs: number): number {
  const units = unitsAt(bucket, perSecond, atMs);
  const wanted = (Math.floor(units / unitsPerAdmission) + 1) * unitsPerAdmission;
  if (wanted > unitsMax(perSecond)) return Infinity;
  return atMs + Math.max(1, Math.ceil((wanted - units) / perSecond));
}

/** Takes one admission out; `decide` has seen that there is one. */
export function drawAdmission(bucket: RateBucket, perSecond: number, atMs: number): void {
  bucket.units = unitsAt(bucket, perSecond, atMs) - unitsPerAdmission;
  bucket.atMs = Math.max(bucket.atMs, atMs);
}

/** A new rate rules: what the old one had saved up beyond the new bucket is gone. */
export function changeRate(bucket: RateBucket, perSecond: number): void {
  bucket.units = Math.min(bucket.units, unitsMax(perSecond));
}
