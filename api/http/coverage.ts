/**
 * Which sessions a concert admits: those of the room that covered it when the session began, because moving a concert
 * applies to new sessions. Whoever has no session yet is judged by the room that covers it now.
 */
import type { PlaceInLine } from '../../actors/admission/messages.ts';
import type { OnsaleEngine } from '../protocols.ts';

export interface Coverage {
  /** Whether this user's session in the room of `place`, or else the room, covers the concert. */
  covers(place: PlaceInLine, concertId: string): boolean;
  /** Whether a session in this room that began then does. */
  coversSince(room: string, startedAt: number, concertId: string): boolean;
}

export function createCoverage(engine: OnsaleEngine): Coverage {
  function roomAt(atMs: number, concertId: string): string {
    return engine.view<'catalog', 'roomOf'>('catalog:main', { type: 'roomOf', concertId, atMs });
  }

  /** Of a concert that moved in the very ms in which the session began, nobody can tell which came first. */
  function coversSince(room: string, startedAt: number, concertId: string): boolean {
    return roomAt(startedAt, concertId) === room || roomAt(startedAt - 1, concertId) === room;
  }

  return {
    covers({ room, userId }, concertId) {
      const session = engine.view<'admission', 'session'>(`admission:${room}`, { type: 'session', userId });
      return coversSince(room, session?.startedAt ?? engine.nowMs(), concertId);
    },
    coversSince,
  };
}
