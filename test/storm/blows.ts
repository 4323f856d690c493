/** Which blow falls in which round, and when: chosen by the seed. When exactly it hits what, only the machine knows. */
import { seeded, type Random } from '../system/seeded.ts';

export const blowKinds = ['engine', 'nats', 'both', 'engine-again', 'pause-engine', 'pause-nats'] as const;

/** `engine-again`: killed a second time while it recovers. */
export type BlowKind = (typeof blowKinds)[number];

export interface Blow {
  readonly round: number;
  readonly kind: BlowKind;
  /** From the beginning of the load, ms. */
  readonly afterMs: number;
  /** How long it stays down, or paused, ms. */
  readonly downMs: number;
  /** `both`: between the two kills, and the two starts; `engine-again`: from the start to the second kill; ms. */
  readonly gapMs: number;
  readonly natsFirst: boolean;
  /** After everything is back, ms. */
  readonly loadOnMs: number;
  /** Of an engine that starts in this round. */
  readonly holdTtlSeconds: number;
}

/** With kills of the engine the most frequent. */
const allKinds: readonly BlowKind[] = [...blowKinds, 'engine', 'engine', 'engine', 'both'];

/** The first rounds have `kinds` in their order, and then whichever of them comes. */
export function blowsOf(seed: string, rounds: number, kinds = allKinds): Blow[] {
  const random = seeded(`${seed}-blows`);
  return Array.from({ length: rounds }, (_, index) => {
    const drawn = kinds[random.below(kinds.length)] ?? 'engine';
    return blow(random, index + 1, kinds[index] ?? drawn);
  });
}

function blow(random: Random, round: number, kind: BlowKind): Blow {
  const isPause = kind === 'pause-engine' || kind === 'pause-nats';
  return {
    round,
    kind,
    afterMs: 150 + random.below(600),
    downMs: isPause ? 50 + random.below(900) : random.below(250),
    gapMs: kind === 'engine-again' ? random.below(900) : random.below(100),
    natsFirst: random.below(2) === 0,
    loadOnMs: 100 + random.below(250),
    // Short ones race with the kills; long ones are there after them.
    holdTtlSeconds: random.below(2) === 0 ? 2 : 20,
  };
}
