/** What a journal says of one room, counted from its events alone: who came in, when, at which place, until when. */
import { join } from 'node:path';
import { JournalReader } from '../../storage/journal-reader.ts';

export interface Admission {
  readonly epoch: string;
  readonly place: number;
  readonly userId: string;
  readonly atMs: number;
}

export interface RoomHistory {
  /** In the order of the journal. */
  readonly admissions: readonly Admission[];
  /** Most people inside at any instant. */
  readonly insideMost: number;
  /** Live sessions at the end, by user. */
  readonly inside: ReadonlyMap<string, Admission>;
  /** Highest place dealt with, by epoch. */
  readonly takenThrough: ReadonlyMap<string, number>;
}

/** Reads the whole journal of a data directory, also while the program writes it. */
export function historyOf(dataDir: string, room: string): RoomHistory {
  const reader = new JournalReader(join(dataDir, 'journal.db'));
  try {
    const admissions: Admission[] = [];
    const inside = new Map<string, Admission>();
    const takenThrough = new Map<string, number>();
    let insideMost = 0;
    for (const { turns } of reader.batches(1)) {
      for (const { events } of turns) {
        for (const { actor, event } of events) {
          if (actor !== `admission:${room}`) continue;
          if (event.type === 'UserAdmitted') {
            const admission = admissionIn(event);
            if (inside.has(admission.userId)) throw new Error(`${admission.userId} is let in while inside`);
            admissions.push(admission);
            inside.set(admission.userId, admission);
            takenThrough.set(admission.epoch, admission.place);
            insideMost = Math.max(insideMost, inside.size);
          } else if (event.type === 'PlacesPassed' && 'epoch' in event && 'through' in event) {
            takenThrough.set(String(event.epoch), Number(event.through));
          } else if (event.type === 'SessionEnded' && 'userId' in event) {
            inside.delete(String(event.userId));
          }
        }
      }
    }
    return { admissions, insideMost, inside, takenThrough };
  } finally {
    reader.close();
  }
}

function admissionIn(event: object): Admission {
  if (!('epoch' in event && 'place' in event && 'userId' in event && 'admittedAt' in event)) {
    throw new Error(`an admission without its facts: ${JSON.stringify(event)}`);
  }
  const { epoch, place, userId, admittedAt } = event;
  return { epoch: String(epoch), place: Number(place), userId: String(userId), atMs: Number(admittedAt) };
}

/** Runs `work` for every item, so many at once. */
export async function forAll<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
