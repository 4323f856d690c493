/** Compares a snapshot, and the columns beside it, with the model as it stands. */
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../../engine/actor.ts';
import type { Auditor } from '../auditor.ts';
import { catalogImage, lineImage, roomImage, walletImage } from './json-snapshots.ts';
import { scheduleDifference } from './schedule-snapshot.ts';

export interface AuditedSnapshot {
  readonly actor: string;
  /** The last batch that it includes. */
  readonly position: number;
  readonly state: Uint8Array;
  readonly nextDeadlineMs: number | null;
  readonly openQuestions: number;
  readonly summary: JsonObject | null;
}

type Columns = Pick<AuditedSnapshot, 'nextDeadlineMs' | 'openQuestions' | 'summary'>;

const restingColumns: Columns = { nextDeadlineMs: null, openQuestions: 0, summary: null };

/** The model must stand at the snapshot's position, or no later batch may have touched its actor. */
export function auditSnapshot(auditor: Auditor, snapshot: AuditedSnapshot): void {
  const { actor, position } = snapshot;
  const { found } = auditor;
  const where = `snapshot of ${actor} at batch ${position}`;
  const lastBatch = auditor.lastBatchOf.get(actor);
  if (lastBatch === undefined || lastBatch > position) {
    const what = lastBatch === undefined ? 'the journal has no event of it' : `batch ${lastBatch} has touched it since`;
    return found.addAt('snapshot-content', where, what);
  }
  let difference: string | undefined;
  try {
    difference = contentDifference(auditor, snapshot);
  } catch (error) {
    return found.addAt('snapshot-unreadable', where, String(error));
  }
  if (difference !== undefined) found.addAt('snapshot-content', where, difference);
  const expected = columnsOf(auditor, actor);
  const { nextDeadlineMs, openQuestions, summary } = snapshot;
  const stored: Columns = { nextDeadlineMs, openQuestions, summary };
  if (isDeepStrictEqual(stored, expected)) return;
  found.addAt('snapshot-columns', where, `${JSON.stringify(stored)}, not ${JSON.stringify(expected)}`);
}

function contentDifference(auditor: Auditor, { actor, state }: AuditedSnapshot): string | undefined {
  const { kind, id } = partsOf(actor);
  switch (kind) {
    case 'schedule':
      return scheduleDifference(auditor.schedules.model.schedules.get(id), state, auditor.rules.endedReservationsMax);
    case 'wallet':
      return imageDifference(state, auditor.money.wallets.get(id), walletImage);
    case 'admission':
      return imageDifference(state, auditor.rooms.rooms.get(id), roomImage);
    case 'line':
      return imageDifference(state, auditor.lines.lines.get(id), lineImage);
    case 'catalog':
      return imageDifference(state, auditor.catalog, catalogImage);
    default:
      return `there are no actors of kind ${kind}`;
  }
}

function imageDifference<Model>(
  state: Uint8Array,
  model: Model | undefined,
  imageOf: (model: Model) => object,
): string | undefined {
  const stored: unknown = JSON.parse(new TextDecoder().decode(state));
  if (model === undefined) return 'the journal has no such actor';
  const expected: object = imageOf(model);
  if (isDeepStrictEqual(stored, expected)) return undefined;
  if (typeof stored !== 'object' || stored === null) return cut(stored);
  const [found, right] = [new Map(Object.entries(stored)), new Map(Object.entries(expected))];
  return [...new Set([...found.keys(), ...right.keys()])]
    .filter((name) => !isDeepStrictEqual(found.get(name), right.get(name)))
    .map((name) => `${name} ${cut(found.get(name))}, not ${cut(right.get(name))}`)
    .join('; ');
}

function columnsOf(auditor: Auditor, actor: string): Columns {
  const { kind, id } = partsOf(actor);
  if (kind === 'admission') {
    let next = Infinity;
    for (const { expiresAt } of auditor.sessions(id).values()) next = Math.min(next, expiresAt);
    return { ...restingColumns, nextDeadlineMs: next === Infinity ? null : Math.ceil(next) };
  }
  const schedule = kind === 'schedule' ? auditor.schedules.model.schedules.get(id) : undefined;
  if (schedule === undefined) return restingColumns;
  const { facts, hall, owners } = schedule;
  let next = Infinity;
  let openQuestions = 0;
  for (const { status, expiresAt } of new Set(owners.values())) {
    if (status === 'held') next = Math.min(next, expiresAt);
    else if (status === 'paying') openQuestions += 1;
  }
  const seatsTotal = hall.seats.length;
  return {
    nextDeadlineMs: next === Infinity ? null : Math.ceil(next),
    openQuestions,
    summary: { ...facts, seatsTotal, seatsAvailable: seatsTotal - owners.size },
  };
}

function partsOf(actor: string): { readonly kind: string; readonly id: string } {
  const colon = actor.indexOf(':');
  return { kind: actor.slice(0, colon), id: actor.slice(colon + 1) };
}

function cut(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 200 ? `${text.slice(0, 200)} …` : text;
}
