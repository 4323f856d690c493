/** How far a long command is: a bar on a terminal, a line now and then anywhere else. */

const barWidth = 40;
const redrawMs = 100;
const lineEveryMs = 5_000;

export class ProgressBar {
  readonly #out: NodeJS.WriteStream;
  #shownAtMs = performance.now();
  #drawn = false;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  /** Cheap when it is not yet time to show anything. */
  show(done: number, of: number, textNow: () => string): void {
    const now = performance.now();
    if (now - this.#shownAtMs < (this.#out.isTTY ? redrawMs : lineEveryMs)) return;
    this.#shownAtMs = now;
    const share = of === 0 ? 1 : Math.min(1, done / of);
    const text = `${Math.floor(share * 100)} %  ${textNow()}`;
    if (!this.#out.isTTY) {
      this.#out.write(`${text}\n`);
      return;
    }
    const full = Math.round(share * barWidth);
    this.#out.write(`\r[${'#'.repeat(full)}${'-'.repeat(barWidth - full)}] ${text}\u001B[K`);
    this.#drawn = true;
  }

  /** Wipes the bar, so that what follows begins on a clean line. */
  end(): void {
    if (this.#drawn) this.#out.write('\r\u001B[K');
    this.#drawn = false;
  }
}
