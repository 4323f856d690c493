/** What is answered to those in line, the same at every door. */
import type { PlaceInLine } from '../../actors/admission/messages.ts';
import type { QueueDesk, QueueStatus } from '../queue/queue-desk.ts';
import { isoTimeOrNull, json, type Answer } from './answer.ts';
import { problem } from './problems.ts';

/** What the owner of a token reads, in answers and in stream events alike. */
export function queueTokenBody(token: string, place: PlaceInLine, status: QueueStatus): object {
  return {
    token,
    room: place.room,
    userId: place.userId,
    status: status.status,
    place: place.place,
    position: status.position,
    etaSeconds: status.etaSeconds,
    expiresAt: isoTimeOrNull(status.expiresAt),
    pollAfterSeconds: status.pollAfterSeconds,
  };
}

/** The token is told once the place, or the session, is durable. */
export async function joinAnswer(
  desk: Pick<QueueDesk, 'join' | 'durableStatus'>,
  room: string,
  userId: string,
): Promise<Answer> {
  const joined = await desk.join(room, userId);
  if (joined.type === 'rejected') return problem(joined.code, joined.details);
  const { token, place, existing } = joined;
  return json(existing ? 200 : 201, queueTokenBody(token, place, await desk.durableStatus(place)));
}
