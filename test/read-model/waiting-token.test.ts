import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AdmissionEvent, SessionEndReason } from '../../actors/admission/messages.ts';
import { admission, line, projected, t0 } from './journal-of.ts';

describe('a waiting token', () => {
  const session = { epoch: 'e1', place: 7, userId: 'carol' } as const;
  const admitted: AdmissionEvent = { type: 'UserAdmitted', v: 1, ...session, admittedAt: t0, expiresAt: t0 + 300_000 };
  const renewed: AdmissionEvent = {
    type: 'SessionRenewed',
    v: 1,
    ...session,
    renewedAt: t0 + 60_000,
    expiresAt: t0 + 360_000,
  };
  const ended = (reason: SessionEndReason): AdmissionEvent => ({
    type: 'SessionEnded',
    v: 1,
    ...session,
    reason,
    endedAt: t0 + 99,
  });
  const row = {
    room: 'main',
    epoch: 'e1',
    place: 7,
    user_number: 1,
    status: 'active',
    admitted_at_ms: t0,
    expires_at_ms: t0 + 300_000,
    ended_at_ms: null,
    end_reason: null,
  };
  const tokens = 'SELECT * FROM waiting_token ORDER BY place';

  test('has no row while it waits', (context) => {
    const policy = { admitPerSecond: 1, maxActive: 1, sessionSeconds: 1, maxSessionSeconds: 1 };
    const query = projected(context, [
      admission('main', { type: 'PolicySet', v: 1, policy }),
      line('main', { type: 'LineStarted', v: 1, epoch: 'e1' }),
      admission('main', { type: 'LineOpened', v: 1, epoch: 'e1', line: 'engine' }),
      line('main', { type: 'LineJoined', v: 1, epoch: 'e1', userId: 'carol', place: 7 }),
      line('main', { type: 'LineLeft', v: 1, place: 6 }),
      admission('main', { type: 'PlacesPassed', v: 1, epoch: 'e1', through: 6 }),
      line('main', { type: 'LineSettled', v: 1, through: 6 }),
      admission('main', { type: 'LineLost', v: 1, epoch: 'e0' }),
    ]);
    assert.deepEqual(query(tokens), []);
  });

  test('is active once admitted, and a renewal moves its end', (context) => {
    const query = projected(context, [admission('main', admitted)], [admission('main', renewed)]);
    assert.deepEqual(query(tokens), [{ ...row, expires_at_ms: t0 + 360_000 }]);
    assert.deepEqual(query('SELECT user_id, expires_at FROM waiting_token_readable'), [
      { user_id: 'carol', expires_at: '2026-11-22T12:06:00.123Z' },
    ]);
  });

  for (const reason of ['expired', 'paid', 'left'] as const) {
    test(`whose session ended (${reason}) says why and when`, (context) => {
      const query = projected(context, [admission('main', admitted), admission('main', ended(reason))]);
      assert.deepEqual(query(tokens), [{ ...row, status: 'ended', ended_at_ms: t0 + 99, end_reason: reason }]);
    });
  }

  test('that left the line has a row without admission', (context) => {
    const query = projected(context, [admission('main', { type: 'PlaceLeft', v: 1, ...session, leftAt: t0 + 5 })]);
    const left = { status: 'ended', ended_at_ms: t0 + 5, end_reason: 'left' };
    assert.deepEqual(query(tokens), [{ ...row, admitted_at_ms: null, expires_at_ms: null, ...left }]);
  });
});
