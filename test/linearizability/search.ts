/**
 * Is there an order of these operations, each at one instant between its call and its return, that the model allows?
 *
 * The search of Wing & Gong ("Testing and Verifying Concurrent Objects", 1993) with the cache of Lowe ("Testing for
 * Linearizability", 2017), over the linked list of calls and returns that Porcupine uses: take a call that no other
 * operation's return precedes, lift it out of the list, go on; at a return of an operation that is not yet lifted,
 * go back. A pair of lifted operations and model states that has been seen before is not entered again.
 */

/** When an operation takes effect, as far as those before and after it leave open, ms. */
export interface Instant {
  /** No earlier: the latest call among the operations ordered so far, this one included. */
  readonly fromMs: number;
  /** No later: the earliest return among those not yet ordered, this one included. */
  readonly toMs: number;
}

/** A sequential object: an operation carries what was asked and what was answered. */
export interface Model<State, Operation> {
  readonly initial: State;
  /** The states that may follow: none if the operation cannot have gone so here, several if that is not determined. */
  step(state: State, operation: Operation, instant: Instant): readonly State[];
  /** Equal for equal states only. */
  key(state: State): string;
}

export interface Entry<Operation> {
  readonly callMs: number;
  /** Infinity when the outcome is unknown: such an operation may have taken effect at any time since, or never. */
  readonly returnMs: number;
  readonly operation: Operation;
}

export type Found<Operation> =
  | { readonly type: 'ordered'; readonly steps: number }
  | {
      readonly type: 'impossible';
      readonly steps: number;
      /** The most operations that could be ordered, in that order, and those of which none can be the next. */
      readonly ordered: readonly Entry<Operation>[];
      readonly stuck: readonly Entry<Operation>[];
    }
  | { readonly type: 'gave-up'; readonly steps: number };

interface Mark {
  /** Index of the operation among the entries sorted by call. */
  readonly index: number;
  readonly isCall: boolean;
  previous: Mark | null;
  next: Mark | null;
}

interface Taken<State> {
  readonly call: Mark;
  readonly states: readonly State[];
  readonly fromMs: number;
}

export function search<State, Operation>(
  entries: readonly Entry<Operation>[],
  model: Model<State, Operation>,
  stepsMax: number,
): Found<Operation> {
  const sorted = [...entries].sort((a, b) => a.callMs - b.callMs);
  const { head, returns } = linked(sorted);
  const lifted = new LiftedSet(sorted.map(({ returnMs }) => returnMs !== Infinity));
  const seen = new Set<string>();
  const taken: Taken<State>[] = [];
  let best: readonly number[] = [];
  let states: readonly State[] = [model.initial];
  let fromMs = -Infinity;
  let steps = 0;
  let at = head.next;
  for (;;) {
    if (lifted.isWhole) return { type: 'ordered', steps };
    if (at?.isCall === true) {
      const call = at;
      // In bounds: marks are made from the entries.
      const entry = sorted[call.index]!;
      if (++steps > stepsMax) return { type: 'gave-up', steps };
      const instant = { fromMs: Math.max(fromMs, entry.callMs), toMs: firstReturnMs(call, sorted) };
      const following = allSteps(model, states, entry.operation, instant);
      lifted.add(call.index);
      if (following.length > 0 && isNew(seen, `${lifted.key()}|${keysOf(model, following)}`)) {
        taken.push({ call, states, fromMs });
        states = following;
        fromMs = instant.fromMs;
        lift(call, returns[call.index] ?? null);
        at = head.next;
      } else {
        lifted.delete(call.index);
        at = call.next;
      }
      continue;
    }
    if (taken.length > best.length) best = taken.map(({ call }) => call.index);
    const last = taken.pop();
    if (last === undefined) {
      const ordered = best.map((index) => sorted[index]!);
      return { type: 'impossible', steps, ordered, stuck: nextOnes(sorted, best) };
    }
    ({ states, fromMs } = last);
    lifted.delete(last.call.index);
    putBack(last.call, returns[last.call.index] ?? null);
    at = last.call.next;
  }
}

/** Calls and returns in the order of time; of one instant the calls stand first, so that they count as overlapping. */
function linked(sorted: readonly Entry<unknown>[]): { readonly head: Mark; readonly returns: (Mark | null)[] } {
  const head: Mark = { index: -1, isCall: false, previous: null, next: null };
  const marks: { readonly atMs: number; readonly mark: Mark }[] = [];
  const returns: (Mark | null)[] = [];
  for (const [index, { callMs, returnMs }] of sorted.entries()) {
    if (returnMs < callMs) throw new Error(`an operation returns at ${returnMs}, before its call at ${callMs}`);
    marks.push({ atMs: callMs, mark: { index, isCall: true, previous: null, next: null } });
    const end = returnMs === Infinity ? null : { index, isCall: false, previous: null, next: null };
    if (end !== null) marks.push({ atMs: returnMs, mark: end });
    returns.push(end);
  }
  marks.sort((a, b) => a.atMs - b.atMs || Number(b.mark.isCall) - Number(a.mark.isCall));
  let last = head;
  for (const { mark } of marks) {
    mark.previous = last;
    last.next = mark;
    last = mark;
  }
  return { head, returns };
}

function lift(call: Mark, end: Mark | null): void {
  for (const mark of [call, end]) {
    if (mark === null) continue;
    if (mark.previous !== null) mark.previous.next = mark.next;
    if (mark.next !== null) mark.next.previous = mark.previous;
  }
}

/** Undoes the newest `lift`: the marks still know their neighbours. */
function putBack(call: Mark, end: Mark | null): void {
  for (const mark of [end, call]) {
    if (mark === null) continue;
    if (mark.previous !== null) mark.previous.next = mark;
    if (mark.next !== null) mark.next.previous = mark;
  }
}

/** Before `call` stand only calls: the search goes back at the first return. */
function firstReturnMs(call: Mark, sorted: readonly Entry<unknown>[]): number {
  let mark: Mark | null = call;
  while (mark !== null && mark.isCall) mark = mark.next;
  return mark === null ? Infinity : sorted[mark.index]!.returnMs;
}

function allSteps<State, Operation>(
  model: Model<State, Operation>,
  states: readonly State[],
  operation: Operation,
  instant: Instant,
): readonly State[] {
  const [only] = states;
  if (states.length === 1 && only !== undefined) return model.step(only, operation, instant);
  const following = new Map<string, State>();
  for (const state of states) {
    for (const next of model.step(state, operation, instant)) following.set(model.key(next), next);
  }
  return [...following.values()];
}

function keysOf<State>(model: Model<State, never>, states: readonly State[]): string {
  return states
    .map((state) => model.key(state))
    .sort()
    .join('/');
}

function isNew(seen: Set<string>, key: string): boolean {
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}

/** Those that may come next after `ordered`: no other one that is left returns before their call. */
function nextOnes<Operation>(
  sorted: readonly Entry<Operation>[],
  ordered: readonly number[],
): readonly Entry<Operation>[] {
  const done = new Set(ordered);
  const left = sorted.filter((_, index) => !done.has(index));
  const firstReturn = left.reduce((least, { returnMs }) => Math.min(least, returnMs), Infinity);
  return left.filter(({ callMs }) => callMs <= firstReturn);
}

/** Which operations are lifted, with a short name for the set: nearly always all up to one, and a few after it. */
class LiftedSet {
  /** By index, whether the operation must be lifted in the end. */
  readonly #mustBe: readonly boolean[];
  /** How many of those before an index must be. */
  readonly #mustBefore: readonly number[];
  readonly #has: boolean[];
  /** Lifted ones that need not be. */
  readonly #extra = new Set<number>();
  #missing: number;
  #lifted = 0;
  /** All before it that must be lifted are. */
  #prefix = 0;

  constructor(mustBe: readonly boolean[]) {
    this.#mustBe = mustBe;
    const mustBefore = [0];
    for (const must of mustBe) mustBefore.push((mustBefore.at(-1) ?? 0) + Number(must));
    this.#mustBefore = mustBefore;
    this.#has = mustBe.map(() => false);
    this.#missing = mustBefore.at(-1) ?? 0;
    this.#advance();
  }

  get isWhole(): boolean {
    return this.#missing === 0;
  }

  add(index: number): void {
    this.#has[index] = true;
    if (this.#mustBe[index] !== true) {
      this.#extra.add(index);
      return;
    }
    this.#missing -= 1;
    this.#lifted += 1;
    this.#advance();
  }

  delete(index: number): void {
    this.#has[index] = false;
    if (this.#mustBe[index] !== true) {
      this.#extra.delete(index);
      return;
    }
    this.#missing += 1;
    this.#lifted -= 1;
    this.#prefix = Math.min(this.#prefix, index);
    this.#advance();
  }

  key(): string {
    const after: number[] = [];
    const afterCount = this.#lifted - (this.#mustBefore[this.#prefix] ?? 0);
    for (let index = this.#prefix; after.length < afterCount; index++) {
      if (this.#has[index] === true && this.#mustBe[index] === true) after.push(index);
    }
    if (this.#extra.size === 0) return `${this.#prefix}+${after.join()}`;
    return `${this.#prefix}+${after.join()}?${[...this.#extra].sort((a, b) => a - b).join()}`;
  }

  #advance(): void {
    while (
      this.#prefix < this.#has.length &&
      (this.#has[this.#prefix] === true || this.#mustBe[this.#prefix] !== true)
    ) {
      this.#prefix += 1;
    }
  }
}
