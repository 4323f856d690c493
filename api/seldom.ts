/** Tells of what others can cause as often as they like: at once, then at most once in a while, with how often it was. */
export class Seldom {
  readonly #everyMs: number;
  #nextMs = 0;
  #times = 0;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** `nowMs`: monotonic. `times`: how often it happened since it was told last, this time included. */
  tell(tell: (times: number) => void, nowMs = performance.now()): void {
    this.#times += 1;
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + this.#everyMs;
    const times = this.#times;
    this.#times = 0;
    tell(times);
  }
}
