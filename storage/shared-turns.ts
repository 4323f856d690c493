/**
 * The turns of a batch on their way to the writer's thread, in memory that both threads see: their text is encoded
 * there once, where a message would join, flatten, write and read it anew. One side at a time has it: this one until
 * the batch is told, the writer until it answers.
 */
const bytesAtFirst = 256 * 1024;
/** A batch that needs more gets memory of its own, which goes with the next one. */
const keptBytesMax = 8 * 1024 * 1024;
/** UTF-8 takes at most three bytes for a unit of a string. */
const bytesPerUnit = 3;

const bracket = 0x5b;
const comma = 0x2c;
const endBracket = 0x5d;

export interface PlacedTurns {
  readonly memory: SharedArrayBuffer;
  /** Of their JSON array, from the memory's start on. */
  readonly bytes: number;
}

export class SharedTurns {
  #memory = new SharedArrayBuffer(bytesAtFirst);
  #view = Buffer.from(this.#memory);

  /** Writes the JSON array of these turns. The batch before must have been answered. */
  place(turns: readonly string[]): PlacedTurns {
    let units = 0;
    for (const turn of turns) units += turn.length + 1;
    this.#makeRoom(bytesPerUnit * units + 2);
    const view = this.#view;
    let end = 0;
    for (const turn of turns) {
      view[end] = end === 0 ? bracket : comma;
      end += 1 + view.write(turn, end + 1);
    }
    if (end === 0) view[end++] = bracket;
    view[end++] = endBracket;
    return { memory: this.#memory, bytes: end };
  }

  #makeRoom(needed: number): void {
    const size = this.#memory.byteLength;
    if (needed <= size && size <= keptBytesMax) return;
    this.#memory = new SharedArrayBuffer(Math.max(needed, Math.min(2 * size, keptBytesMax)));
    this.#view = Buffer.from(this.#memory);
  }
}
