/**
 * Keeps one message in a line's stream when everyone in it is dealt with.
 *
 * nats-server 2.9 forgets the last sequence if it is killed between truncating the last block of a stream, when its last
 * message goes, and writing the block's index (`closeAndKeepIndex` in its `filestore.go`). A line that empties would then
 * be a line that is lost. So before that message goes, another one is published, on a subject that no user can have. It
 * takes a place, which the driver passes over like any where nobody stands.
 */
import type { LineStream } from './line-stream.ts';

/** How many places the anchor may stand before the last one. A block (8 MiB) holds many times as many joins. */
const behindMax = 100;

export interface AnchorOptions {
  readonly stream: LineStream;
  /** The place of a new message on this subject; null when one stands there already. */
  readonly publish: (subject: string) => Promise<number | null>;
  readonly placeOn: (subject: string) => Promise<number | null>;
  /** The anchor at this place is not needed any more. */
  readonly onOld: (place: number) => void;
}

export class LineAnchor {
  readonly #options: AnchorOptions;
  #place = 0;
  #dropping: Promise<void> | null = null;

  constructor(options: AnchorOptions) {
    this.#options = options;
  }

  /** Where it stands; 0 while there is none, or none is known of. */
  get place(): number {
    return this.#place;
  }

  /** Resolves once the stream has an anchor near its last place; rejects when it cannot be had. */
  async hold(lastPlace: number): Promise<void> {
    if (this.#place > 0 && lastPlace - this.#place < behindMax) return;
    this.#dropping ??= this.#drop(lastPlace).finally(() => {
      this.#dropping = null;
    });
    await this.#dropping;
  }

  /** An anchor stands at this place; only the last one counts. */
  saw(place: number): void {
    if (place === this.#place) return;
    const old = Math.min(place, this.#place);
    this.#place = Math.max(place, this.#place);
    if (old > 0) this.#options.onOld(old);
  }

  async #drop(lastPlace: number): Promise<void> {
    const { stream, publish, placeOn } = this.#options;
    const subject = stream.anchorSubject(lastPlace);
    // One may stand there already whose ack was lost.
    const place = (await publish(subject)) ?? (await placeOn(subject));
    if (place === null) throw new Error('the anchor of a line went while it was looked for');
    this.saw(place);
  }
}
