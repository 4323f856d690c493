/**
 * Which sessions a concert admits: those of the room that covered it when the session began, because moving a concert
 * applies to new sessions. Whoever has no session yet is judged by the room that covers it now.
 */
import type { PlaceInLine } from '../../actors/admission/messages.ts';
import type { OnsaleEngine } from '../protocols.ts';

export function createCoverage(engine: OnsaleEngine): (place: PlaceInLine, concertId: string) => boolean {
  return function covers(place, concertId) {
    const { room, userId } = place;
    const session = engine.view<'admission', 'session'>(`admission:${room}`, { type: 'session', userId });
    const atMs = session?.startedAt ?? engine.nowMs();
    return engine.view<'catalog', 'roomOf'>('catalog:main', { type: 'roomOf', concertId, atMs }) === room;
  };
}
