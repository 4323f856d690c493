/** The gate of the browse calls: judged by a view, so that polling costs no turn of the engine. */
import type { PlaceInLine, TokenStatus } from '../../actors/admission/messages.ts';
import type { Answer } from '../answers/answer.ts';
import { problem } from '../answers/problems.ts';
import type { Awaitable } from '../chain.ts';
import { createCoverage } from './coverage.ts';
import type { HttpDependencies } from './dependencies.ts';

/**
 * Null: the place is active, and where a concert is given, in a room that covers it. Renews the session when it is time to; the
 * answer does not say until when, so nobody waits for that.
 */
export function createBrowseGate({ engine, desk }: Pick<HttpDependencies, 'engine' | 'desk'>) {
  const coverage = createCoverage(engine);

  function renew(place: PlaceInLine, renewableAfter: number): void {
    if (engine.nowMs() <= renewableAfter) return;
    // Whatever becomes of it, the call itself has passed; `ask` never rejects.
    void engine.ask(`admission:${place.room}`, { type: 'PassGate', session: place, purpose: 'browse' });
  }

  /** That a session is over is told once its end is on disk (invariant 3). */
  async function expired(place: PlaceInLine): Promise<Answer> {
    await engine.viewDurable<'admission', 'token'>(`admission:${place.room}`, { type: 'token', session: place });
    return problem('queue_token_expired');
  }

  function isCovered(place: PlaceInLine, token: TokenStatus, concertId: string): boolean {
    return token.status === 'active'
      ? coverage.coversSince(place.room, token.startedAt, concertId)
      : coverage.covers(place, concertId);
  }

  return function pass(place: PlaceInLine, concertId: string | null): Awaitable<Answer> | null {
    const token = engine.view<'admission', 'token'>(`admission:${place.room}`, { type: 'token', session: place });
    if (concertId !== null && !isCovered(place, token, concertId)) return problem('forbidden');
    switch (token.status) {
      case 'active':
        renew(place, token.renewableAfter);
        return null;
      case 'waiting': {
        const { position, etaSeconds } = desk.status(place);
        return problem('queue_token_waiting', { position, etaSeconds });
      }
      case 'expired':
        return expired(place);
    }
  };
}

/** Whether the session of this place lives; renews nothing. */
export function isInside(engine: HttpDependencies['engine'], place: PlaceInLine): boolean {
  const asked = { type: 'token', session: place } as const;
  return engine.view<'admission', 'token'>(`admission:${place.room}`, asked).status === 'active';
}
