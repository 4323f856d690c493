/** How far the bench is, on stderr: a bar on a terminal, else a line a step. */

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const barWidth = 24;

export class Progress {
  readonly #out: Output;
  readonly #total: number;
  readonly #startedMs = performance.now();
  #done = 0;

  /** `total`: how many steps there will be, as far as one knows. */
  constructor(total: number, out: Output = process.stderr) {
    this.#total = total;
    this.#out = out;
  }

  /** Begins the next step. */
  step(text: string): void {
    const share = Math.min(1, this.#total === 0 ? 1 : this.#done / this.#total);
    const percent = `${Math.floor(share * 100)} %`.padStart(5);
    if (this.#out.isTTY === true) {
      const full = Math.round(share * barWidth);
      this.#out.write(
        `\r${'█'.repeat(full)}${'░'.repeat(barWidth - full)} ${percent}  ${this.#left(share)}${text}\u001b[K`,
      );
    } else this.#out.write(`${percent}  ${text}\n`);
    this.#done++;
  }

  /** A line that stays. */
  say(text: string): void {
    this.#out.write(this.#out.isTTY === true ? `\r\u001b[K${text}\n` : `${text}\n`);
  }

  end(): void {
    if (this.#out.isTTY === true) this.#out.write('\r\u001b[K');
  }

  #left(share: number): string {
    if (share < 0.05) return '';
    const seconds = ((performance.now() - this.#startedMs) / 1000) * (1 / share - 1);
    return seconds < 90 ? `${Math.ceil(seconds)} s left  ` : `${Math.round(seconds / 60)} min left  `;
  }
}
