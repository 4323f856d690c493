/**
 * Which commands must let an older one of their subject go first. A command that found the engine full comes again
 * later; until it does, younger ones of the same subject wait in the same way. Others are not held up. That is enough
 * because a full engine stays full until the next round of the event loop, by when its refusal is known here.
 */
export class SubjectOrder {
  /** Sequences sent back, with when, by subject. As many in all as the server lets be unacked. */
  readonly #sentBack = new Map<string, Map<number, number>>();

  /** Whether an older command of this subject has been sent back and is not there yet. */
  mustWait(subject: string, sequence: number): boolean {
    for (const older of this.#sentBack.get(subject)?.keys() ?? []) if (older < sequence) return true;
    return false;
  }

  /** @param nowMs by any clock that only goes on */
  sendBack(subject: string, sequence: number, nowMs: number): void {
    const sequences = this.#sentBack.get(subject);
    if (sequences === undefined) this.#sentBack.set(subject, new Map([[sequence, nowMs]]));
    else sequences.set(sequence, nowMs);
  }

  /** Those sent back before `beforeMs`, which ought to have come again. */
  *away(beforeMs: number): Generator<{ readonly subject: string; readonly sequence: number }> {
    for (const [subject, sequences] of this.#sentBack) {
      for (const [sequence, sinceMs] of sequences) if (sinceMs < beforeMs) yield { subject, sequence };
    }
  }

  /** It is here again, or over. */
  arrived(subject: string, sequence: number): void {
    const sequences = this.#sentBack.get(subject);
    if (sequences?.delete(sequence) === true && sequences.size === 0) this.#sentBack.delete(subject);
  }
}
