/** People who come to the room with a line: through three doors, each once; some leave before their turn. */
import type { Door } from './entry.ts';
import type { Hall } from './buyers.ts';
import { lineRoom } from './operator.ts';

const doors: readonly Door[] = ['http', 'cmd', 'line'];

/** So many people at most, one after the other, until the round is over. */
export async function queueUp(hall: Hall, prefix: string, people: number): Promise<void> {
  const { desk, random } = hall;
  for (let index = 0; index < people && !hall.over; index++) {
    const userId = `${prefix}-${index}`;
    const command = { type: 'join', userId, room: lineRoom } as const;
    const door = doors[random.below(doors.length)] ?? 'http';
    await desk.give(door, command, false);
    // From another door, and again: it must be the same place. Whoever published has no token before.
    if (door === 'line' || random.below(4) === 0) await desk.give('http', command, false);
    const token = desk.ledger.latestToken.get(userId);
    if (token !== undefined && random.below(8) === 0) {
      await desk.give('http', { type: 'leave', userId, token }, false);
    }
  }
}
