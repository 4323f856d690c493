/** How far an import is: a bar on a terminal, a line now and then anywhere else. */
import type { ImportProgress } from './import-file.ts';

const barWidth = 30;
const redrawMs = 100;
const lineEveryMs = 5_000;

export class ProgressBar {
  readonly #out: NodeJS.WriteStream;
  readonly #bytesTotal: number;
  #shownAtMs: number;
  #drawn = false;

  /** `bytesTotal` as `ImportProgress.bytesDone` counts them. */
  constructor(out: NodeJS.WriteStream, bytesTotal: number) {
    this.#out = out;
    this.#bytesTotal = bytesTotal;
    this.#shownAtMs = performance.now();
  }

  show(progress: ImportProgress): void {
    const now = performance.now();
    if (now - this.#shownAtMs < (this.#out.isTTY ? redrawMs : lineEveryMs)) return;
    this.#shownAtMs = now;
    const share = this.#bytesTotal === 0 ? 1 : Math.min(1, progress.bytesDone / this.#bytesTotal);
    const { imported, skipped, bad } = progress.report;
    const text = `${String(Math.floor(share * 100)).padStart(3)} %  ${imported} imported, ${skipped} skipped, ${bad} bad`;
    if (!this.#out.isTTY) {
      this.#out.write(`${text.trimStart()}\n`);
      return;
    }
    const full = Math.round(share * barWidth);
    this.#out.write(`\r[${'#'.repeat(full)}${'-'.repeat(barWidth - full)}] ${text}\u001b[K`);
    this.#drawn = true;
  }

  /** Wipes the bar, so that the report begins on a clean line. */
  end(): void {
    if (this.#drawn) this.#out.write('\r\u001b[K');
  }
}
