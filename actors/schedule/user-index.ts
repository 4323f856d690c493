/**
 * The first slot of each user's list, and how many seats the whole list has: linear hashing (W. Litwin, 1980). For each new
 * user one bucket is split in two, so nothing is ever hashed anew as a whole, and nothing is for the garbage collector to
 * copy; V8's `Map` does both, which took 36 ms at 131,000 users. Only the two arrays of numbers are copied when they double: 2 ms for a million users.
 * Whoever can choose users can choose some that share a bucket; each of them then costs the others 0.01 µs a look, and
 * must hold a seat for it.
 *
 * A link is a slot plus one; 0 ends a chain. What belongs to a link lies at twice its number: of a user's first slot the
 * next link of the chain, then the seats of its user; of any other slot the one before it in its user's list. Reads with `!` find a value: buckets and slots in a chain lie in the arrays, and such slots
 * have a user.
 */
import type { ValueColumn } from './columns.ts';
import { userHash } from './user-hash.ts';

const roomAtFirst = 8;
/** Of an index that has never had a user: most dates of a season. One empty bucket, never written to. */
const unused = new Int32Array(1);

export class UserIndex {
  /** By slot. */
  readonly #users: ValueColumn<string>;
  /** The first link of each bucket. */
  #heads = unused;
  #links = unused;
  #count = 0;
  #buckets = 1;
  /** The highest power of two that is not above the number of buckets. */
  #low = 1;

  constructor(users: ValueColumn<string>) {
    this.#users = users;
  }

  /** The link to the user's first slot; 0 for none. */
  firstOf(userId: string): number {
    return this.#find(userId, this.#bucketOf(userId)).first;
  }

  /** Seats of the user's whole list; 0 for none. */
  seatsOf(userId: string): number {
    const first = this.firstOf(userId);
    return first === 0 ? 0 : this.#links[2 * first + 1]!;
  }

  /** The link before this one in its user's list, of which it is not the first. */
  beforeOf(link: number): number {
    return this.#links[2 * link]!;
  }

  setBefore(link: number, before: number): void {
    this.#links[2 * link] = before;
  }

  /** Seats come to the list that begins with this link, or leave it. */
  addSeats(first: number, seats: number): void {
    this.#links[2 * first + 1]! += seats;
  }

  /** Puts the slot of `link` in the place of the user's first one, and its seats to them; the link of that one, 0 for none. */
  putFirst(userId: string, link: number, seats: number): number {
    if (this.#heads === unused) this.#heads = new Int32Array(roomAtFirst);
    if (2 * link + 1 >= this.#links.length) this.#links = grown(this.#links, 2 * (link + roomAtFirst));
    const bucket = this.#bucketOf(userId);
    const { first, before } = this.#find(userId, bucket);
    if (first === 0) {
      this.#links[2 * link] = this.#heads[bucket]!;
      this.#links[2 * link + 1] = seats;
      this.#heads[bucket] = link;
      this.#count++;
      if (this.#count > this.#buckets) this.#split();
    } else {
      this.#links[2 * link] = this.#links[2 * first]!;
      this.#links[2 * link + 1] = this.#links[2 * first + 1]! + seats;
      this.#setAfter(bucket, before, link);
      this.setBefore(first, link);
    }
    return first;
  }

  /** Forgets a user who is there. */
  delete(userId: string): void {
    const bucket = this.#bucketOf(userId);
    const { first, before } = this.#find(userId, bucket);
    if (first === 0) throw new Error(`there is no user ${userId}`);
    this.#setAfter(bucket, before, this.#links[2 * first]!);
    this.#count--;
  }

  #find(userId: string, bucket: number): { readonly first: number; readonly before: number } {
    let before = 0;
    let first = this.#heads[bucket]!;
    while (first !== 0 && this.#users.get(first - 1) !== userId) {
      before = first;
      first = this.#links[2 * first]!;
    }
    return { first, before };
  }

  #setAfter(bucket: number, before: number, link: number): void {
    if (before === 0) this.#heads[bucket] = link;
    else this.#links[2 * before] = link;
  }

  #bucketOf(userId: string): number {
    const hash = userHash(userId);
    // The low bits choose; in FNV they depend on the low bits of the text alone.
    const bucket = (hash ^ (hash >>> 15)) & (2 * this.#low - 1);
    return bucket < this.#buckets ? bucket : bucket - this.#low;
  }

  /** The oldest bucket that is as wide as before gives the half of its users to a new one. */
  #split(): void {
    const from = this.#buckets - this.#low;
    this.#buckets++;
    if (this.#buckets > this.#heads.length) this.#heads = grown(this.#heads, this.#buckets);
    if (this.#buckets === 2 * this.#low) this.#low = this.#buckets;
    let link = this.#heads[from]!;
    this.#heads[from] = 0;
    while (link !== 0) {
      const next = this.#links[2 * link]!;
      const bucket = this.#bucketOf(this.#users.get(link - 1)!);
      this.#links[2 * link] = this.#heads[bucket]!;
      this.#heads[bucket] = link;
      link = next;
    }
  }
}

function grown(links: Int32Array<ArrayBuffer>, needed: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(needed, 2 * links.length));
  larger.set(links);
  return larger;
}
