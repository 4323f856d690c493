/** Whether what many clients saw of one engine could have been seen if it did one thing at a time. */
import { Objects } from './objects.ts';
import { mergeTries } from './one-effect.ts';
import type { Recorded } from './recorded.ts';
import { reservationModel } from './reservation-model.ts';
import { type Entry, type Model, search } from './search.ts';
import { seatModel } from './seat-model.ts';
import { walletModel } from './wallet-model.ts';

export interface CheckOptions {
  /** By so much the history's clock and the engine's may differ, where deadlines are compared with calls and returns. */
  readonly toleranceMs?: number;
  /** How long holds last, of those whose answer nobody has seen. */
  readonly holdTtlMs?: number;
  /** Tries of the search before it gives up on an object. */
  readonly stepsMax?: number;
}

export type Verdict =
  | {
      readonly type: 'ok';
      /** Seats, reservations and wallets. */
      readonly objects: number;
      /** Operations on them: one that names three seats counts three times. */
      readonly operations: number;
      /** Refusals that say nothing of any object. */
      readonly passedOver: number;
      readonly steps: number;
    }
  | { readonly type: 'violation'; readonly object: string; readonly why: string }
  | { readonly type: 'unknown'; readonly object: string; readonly steps: number };

const explainedMax = 12;

export function checkHistory(history: readonly Recorded[], options: CheckOptions = {}): Verdict {
  const { toleranceMs = 0, holdTtlMs = 0, stepsMax = 1_000_000 } = options;
  const merged = mergeTries(history);
  if (merged.type === 'broken') return { type: 'violation', object: 'key', why: merged.why };
  const objects = new Objects(merged.history);
  const [broken] = objects.broken;
  if (broken !== undefined) return { type: 'violation', object: 'answer', why: broken };

  const totals = { objects: 0, operations: 0, steps: 0 };
  let unknown: Verdict | null = null;
  for (const { object, entries, run } of searches(objects, toleranceMs, holdTtlMs)) {
    const found = run(stepsMax);
    totals.objects += 1;
    totals.operations += entries;
    totals.steps += found.steps;
    switch (found.type) {
      case 'ordered':
        break;
      case 'gave-up':
        unknown ??= { type: 'unknown', object, steps: found.steps };
        break;
      case 'impossible':
        return { type: 'violation', object, why: explained(found.ordered, found.stuck) };
    }
  }
  return unknown ?? { type: 'ok', passedOver: objects.passedOver, ...totals };
}

interface Search {
  readonly object: string;
  readonly entries: number;
  readonly run: (stepsMax: number) => ReturnType<typeof search>;
}

function* searches(objects: Objects, toleranceMs: number, holdTtlMs: number): Generator<Search> {
  for (const [userId, entries] of objects.wallets) yield of(`wallet ${userId}`, entries, walletModel);
  const seat = seatModel({ toleranceMs, holdTtlMs });
  for (const [id, entries] of objects.seats) yield of(`seat ${id}`, entries, seat);
  for (const [id, { entries, confirmed }] of objects.reservations) {
    yield of(`reservation ${id}`, entries, reservationModel(confirmed.expiresAtMs, toleranceMs));
  }
}

function of<State, Operation>(
  object: string,
  entries: readonly Entry<Operation>[],
  model: Model<State, Operation>,
): Search {
  return { object, entries: entries.length, run: (stepsMax) => search(entries, model, stepsMax) };
}

function explained(ordered: readonly Entry<unknown>[], stuck: readonly Entry<unknown>[]): string {
  const lines = ordered.slice(-explainedMax).map((entry) => `  ${told(entry)}`);
  if (ordered.length > explainedMax) lines.unshift(`  … ${ordered.length - explainedMax} more`);
  return ['after', ...lines, 'none of these can be next', ...stuck.map((entry) => `  ${told(entry)}`)].join('\n');
}

function told({ callMs, returnMs, operation }: Entry<unknown>): string {
  return `${callMs.toFixed(1)} to ${returnMs.toFixed(1)} ms: ${JSON.stringify(operation)}`;
}
