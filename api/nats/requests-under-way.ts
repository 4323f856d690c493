/** Requests that end with the connection they went over, instead of at their own timeouts. */

export class RequestsUnderWay {
  /** How to end the wait of each. */
  readonly #waiting = new Set<(error: unknown) => void>();

  /** What `work` comes to, or the error of `endAll`, whichever is first. Whatever `work` throws is a rejection. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.add(reject);
    const done = (): void => void this.#waiting.delete(reject);
    try {
      work().then(resolve, reject).finally(done);
    } catch (error) {
      reject(error);
      done();
    }
    return promise;
  }

  endAll(error: Error): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const reject of waiting) reject(error);
  }
}
