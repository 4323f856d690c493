/**
 * The small sale as a journal, one turn a batch, and the means to plant faults in it. Batches are named by what happens
 * in them, so that a fault can be placed.
 */
import type { StoredBatch, Turn } from '../../engine/ports.ts';
import { charged, story } from './small-story.ts';
import type { Fields, Happened } from './small-story.ts';

interface NamedTurn {
  readonly name: string;
  readonly turn: Record<string, unknown>;
}

function cloned(turn: Fields): Record<string, unknown> {
  // An object went in.
  return JSON.parse(JSON.stringify(turn)) as Record<string, unknown>;
}

export class SmallSale {
  #turns: NamedTurn[] = story.map(([name, atMs, to, happened, more]) => ({
    name,
    // Through JSON, so that no two events share a part.
    turn: cloned({
      atMs,
      to,
      command: 'Told',
      ...more,
      events: happened.map(([actor, type, fields]) => ({ actor, event: { type, v: 1, ...fields } })),
    }),
  }));

  /** Sets `path` (names and indexes between dots) of a turn, for example `events.0.event.amount`. */
  set(name: string, path: string, value: unknown): this {
    const names = path.split('.');
    const last = names.pop();
    let target: unknown = this.#named(name).turn;
    for (const step of names) target = Reflect.get(Object(target), step);
    if (last === undefined || !Reflect.set(Object(target), last, value)) throw new Error(`${name} has no ${path}`);
    return this;
  }

  drop(name: string): this {
    this.#turns = this.#turns.filter((turn) => turn.name !== name);
    return this;
  }

  /** The same turn again as the last one. */
  repeat(name: string, atMs?: number): this {
    const turn = cloned(this.#named(name).turn);
    this.#turns.push({ name: `${name} again`, turn: { ...turn, atMs: atMs ?? this.#turns.at(-1)?.turn['atMs'] } });
    return this;
  }

  /** Moves a turn to right before another one. */
  moveBefore(name: string, other: string): this {
    const moved = this.#named(name);
    this.drop(name);
    this.#turns.splice(this.#indexOf(other), 0, moved);
    return this;
  }

  /** A turn `at the end`, with these events. */
  add(atMs: number, to: string, happened: readonly Happened[], more: Fields = {}): this {
    const events = happened.map(([actor, type, fields]) => ({ actor, event: { type, v: 1, ...fields } }));
    this.#turns.push({ name: 'at the end', turn: { atMs, to, command: 'Told', ...more, events } });
    return this;
  }

  /** Turns of a busy program at the end: a charge each 100 ms for 2 s from this time on. */
  addBusy(fromMs: number): this {
    for (let number = 1; number <= 20; number += 1) {
      const atMs = fromMs + number * 100;
      this.add(atMs, 'wallet:eve', [charged('eve', number, 1, number, atMs)]);
    }
    return this;
  }

  /** Names the last turn of a name anew. */
  rename(name: string, to: string): this {
    const index = this.#turns.findLastIndex((turn) => turn.name === name);
    this.#turns = this.#turns.map((turn, i) => (i === index ? { ...turn, name: to } : turn));
    return this;
  }

  /** The number of the batch in which something happens. */
  batchOf(name: string): number {
    return this.#indexOf(name) + 1;
  }

  batches(): StoredBatch[] {
    return this.#turns.map(({ turn }, index) => {
      // Turns as `ports.ts` declares them, unless a test has made one wrong, which is what it is for.
      const stored = turn as unknown as Turn;
      return { number: index + 1, atMs: stored.atMs, turns: [stored] };
    });
  }

  #named(name: string): NamedTurn {
    const found = this.#turns[this.#indexOf(name)];
    if (found === undefined) throw new Error(`nothing is called ${name}`);
    return found;
  }

  #indexOf(name: string): number {
    const index = this.#turns.findIndex((turn) => turn.name === name);
    if (index < 0) throw new Error(`nothing is called ${name}`);
    return index;
  }
}
