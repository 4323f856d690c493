/** Answers of a round, counted and timed by status: a refusal is never a success, nor as slow or fast as one. */
import { type Quantiles, Samples } from './quantiles.ts';

export interface Answered {
  readonly count: number;
  readonly latency: Quantiles;
}

/** By status; 0 stands for a connection that broke, or an answer that never came. */
export type Answers = Readonly<Record<string, Answered>>;

export class AnswerCounts {
  readonly #byStatus = new Map<number, Samples>();
  readonly #all = new Samples();

  get total(): number {
    return this.#all.length;
  }

  add(status: number, latencyMs: number): void {
    let samples = this.#byStatus.get(status);
    if (samples === undefined) this.#byStatus.set(status, (samples = new Samples()));
    samples.add(latencyMs);
    this.#all.add(latencyMs);
  }

  /** Latencies of all answers together, missing ones included. */
  allLatencies(): Quantiles {
    return this.#all.quantiles();
  }

  answers(): Answers {
    return Object.fromEntries(
      [...this.#byStatus].map(([status, samples]) => [status, { count: samples.length, latency: samples.quantiles() }]),
    );
  }
}

export function countOf(answers: Answers, status: number | string): number {
  return answers[status]?.count ?? 0;
}
