/**
 * The actors in memory. One that is absent is its snapshot: it is loaded, synchronously, when a command or a read
 * needs it, and leaves only when a durable snapshot includes its last event and it has no open deadline or question
 * (invariant 11).
 */
import { idOf, kindOf, type Address, type ErasedKind } from './actor.ts';
import type { EngineLimits } from './options.ts';
import type { SnapshotStore, StoredNow } from './ports.ts';
import { ShardedMap } from './sharded-map.ts';

export interface Cell {
  readonly address: Address;
  readonly kind: ErasedKind;
  /** Replaced or changed only by `evolve`, on this thread (invariant 1). */
  state: unknown;
  /** The batch that holds its last event; 0 for none. */
  lastBatch: number;
  /** Its newest durable snapshot includes every event up to this batch. */
  snapshotPosition: number;
  /** Of its newest durable snapshot that this process knows; 0 for none. */
  bytes: number;
  /** The earliest entry that the deadline queue has for it, ms. */
  queuedDeadlineMs: number;
  /** Asked for again since it was loaded, or since the sweep last came by. */
  used: boolean;
}

/**
 * Too many bytes are no reason for an actor to go that has less than this part of them: beside one huge actor that cannot
 * leave, thousands of wallets would be loaded again and again.
 */
const smallPart = 1 / 32_768;

type CellBounds = Pick<EngineLimits, 'idleActorsMax' | 'idleBytesMax'>;

/** How many cells the sweep looks at after each turn or read: more than a turn loads, so that it keeps ahead. */
const sweepSteps = 4;

export class Cells {
  readonly #kinds: ReadonlyMap<string, ErasedKind>;
  readonly #snapshots: SnapshotStore;
  readonly #bounds: CellBounds;
  /** Of all snapshots of `#cells`. */
  #bytes = 0;
  readonly #cells = new ShardedMap<Cell>();
  /** Of `#cells`, by the name of their kind. */
  readonly #counts: Record<string, number> = {};
  #sweep: Iterator<Cell>;

  constructor(kinds: ReadonlyMap<string, ErasedKind>, snapshots: SnapshotStore, bounds: CellBounds) {
    this.#kinds = kinds;
    this.#snapshots = snapshots;
    this.#bounds = bounds;
    for (const name of kinds.keys()) this.#counts[name] = 0;
    this.#sweep = this.#cells.values();
  }

  get size(): number {
    return this.#cells.size;
  }

  get isOverBound(): boolean {
    return this.#cells.size > this.#bounds.idleActorsMax || this.#bytes > this.#bounds.idleBytesMax;
  }

  values(): IterableIterator<Cell> {
    return this.#cells.values();
  }

  /** Actors in memory by kind. */
  counts(): Record<string, number> {
    return { ...this.#counts };
  }

  /** The actor, loaded from its snapshot if it is absent. Throws for an unknown kind and for a damaged snapshot. */
  get(address: Address): Cell {
    const present = this.#cells.get(address);
    if (present !== undefined) {
      present.used = true;
      return present;
    }
    const cell = this.#load(address);
    this.#cells.set(address, cell);
    this.#bytes += cell.bytes;
    this.#count(cell, 1);
    return cell;
  }

  /**
   * Makes room where there are more actors than the bound. Called between turns only: an actor that has been consulted
   * in a turn must still be the same one when its events are applied.
   */
  tidy(): void {
    if (this.isOverBound) this.sweep(sweepSteps);
  }

  peek(address: Address): Cell | undefined {
    return this.#cells.get(address);
  }

  /** A durable snapshot of the actor includes every event up to `position`. */
  snapshotted({ actor, position, bytes }: StoredNow): void {
    const cell = this.#cells.get(actor);
    if (cell === undefined || position <= cell.snapshotPosition) return;
    cell.snapshotPosition = position;
    this.#bytes += bytes - cell.bytes;
    cell.bytes = bytes;
  }

  /** Looks at up to `steps` cells and lets those go that may and were not used since the last look. */
  sweep(steps: number): void {
    for (let step = 0; step < steps && this.isOverBound; step++) {
      const next = this.#sweep.next();
      if (next.done === true) {
        this.#sweep = this.#cells.values();
        continue;
      }
      const cell = next.value;
      if (cell.used) cell.used = false;
      else if (this.#helps(cell) && mayLeave(cell) && this.#cells.delete(cell.address)) {
        this.#bytes -= cell.bytes;
        this.#count(cell, -1);
      }
    }
  }

  /** Whether there would be noticeably less of what there is too much of without it. */
  #helps(cell: Cell): boolean {
    const { idleActorsMax, idleBytesMax } = this.#bounds;
    return this.#cells.size > idleActorsMax || cell.bytes > idleBytesMax * smallPart;
  }

  #count(cell: Cell, change: 1 | -1): void {
    const { kind } = cell.kind;
    this.#counts[kind] = (this.#counts[kind] ?? 0) + change;
  }

  #load(address: Address): Cell {
    const kind = this.#kinds.get(kindOf(address));
    if (kind === undefined) throw new Error(`no actor of kind ${kindOf(address)} is known here: ${address}`);
    const snapshot = this.#snapshots.load(address);
    return {
      address,
      kind,
      state: snapshot === undefined ? kind.initial(idOf(address)) : kind.decode(idOf(address), snapshot.state),
      lastBatch: snapshot?.position ?? 0,
      snapshotPosition: snapshot?.position ?? 0,
      bytes: snapshot?.state.byteLength ?? 0,
      queuedDeadlineMs: Infinity,
      // Whoever is asked for once may go at the first look: else a crowd of such would all have to be looked at twice.
      used: false,
    };
  }
}

function mayLeave(cell: Cell): boolean {
  return (
    cell.kind.staysInMemory !== true &&
    cell.lastBatch <= cell.snapshotPosition &&
    cell.kind.nextDeadline(cell.state) === Infinity &&
    cell.kind.openQuestions(cell.state).length === 0
  );
}
