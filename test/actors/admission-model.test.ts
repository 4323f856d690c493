/** The admission actor against a naive model that keeps everything and scans it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createAdmission, type RoomState } from '../../actors/admission/admission.ts';
import type { AdmissionProtocol, RoomPolicy, SessionRef } from '../../actors/admission/messages.ts';
import { OneActor } from './one-actor.ts';
import { rulesUnderTest } from './rules-under-test.ts';

interface Step {
  readonly kind: 'policy' | 'join' | 'leave' | 'admit' | 'gate' | 'pay' | 'expire' | 'reload';
  readonly waitMs: number;
  /** Chooses a user, a token, or how many. */
  readonly pick: number;
  readonly policy: RoomPolicy;
}

const policies = fc.record({
  admitPerSecond: fc.oneof(fc.constantFrom(0, 1, 3, 7), fc.integer({ min: 0, max: 50 })),
  maxActive: fc.oneof(fc.constantFrom(0, 1, 2), fc.integer({ min: 0, max: 40 })),
  sessionSeconds: fc.integer({ min: 1, max: 8 }),
  maxSessionSeconds: fc.integer({ min: 1, max: 20 }),
});

const steps: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('policy', 'join', 'join', 'join', 'leave', 'admit', 'admit', 'gate', 'pay', 'expire', 'reload'),
  waitMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 6_000 })),
  pick: fc.nat(1_000),
  policy: policies,
});

interface ModelSession extends SessionRef {
  readonly startedAt: number;
  expiresAt: number;
  endedAt: number;
}

class Model {
  readonly room = new OneActor<RoomState, AdmissionProtocol>(createAdmission(rulesUnderTest), 'main');
  atMs = 1_700_000_000_000;
  readonly tokens: SessionRef[] = [];
  readonly left = new Set<number>();
  readonly sessions: ModelSession[] = [];
  readonly policies: { readonly fromMs: number; readonly policy: RoomPolicy }[] = [];
  takenThrough = 0;

  constructor(policy: RoomPolicy) {
    this.setPolicy(policy);
    this.room.reply({ type: 'OpenLine', epoch: 'e', line: 'engine' }, this.atMs);
  }

  get policy(): RoomPolicy {
    const last = this.policies.at(-1);
    assert.ok(last !== undefined);
    return last.policy;
  }

  inside(): ModelSession[] {
    return this.sessions.filter((s) => s.startedAt <= this.atMs && this.atMs < Math.min(s.expiresAt, s.endedAt));
  }

  setPolicy(policy: RoomPolicy): void {
    this.room.reply({ type: 'SetPolicy', policy }, this.atMs);
    this.policies.push({ fromMs: this.atMs, policy });
  }

  run(step: Step): void {
    this.atMs += step.waitMs;
    const token = this.tokens[step.pick % Math.max(1, this.tokens.length)];
    switch (step.kind) {
      case 'policy':
        return this.setPolicy(step.policy);
      case 'join':
        this.tokens.push({ room: 'main', epoch: 'e', place: this.tokens.length + 1, userId: `u${step.pick % 30}` });
        return;
      case 'leave':
        return token === undefined ? undefined : this.leave(token);
      case 'admit':
        return this.admit(step.pick % 60);
      case 'gate':
        return token === undefined ? undefined : this.gate(token, step.pick % 2 === 0 ? 'hold' : 'browse');
      case 'pay':
        if (token === undefined) return;
        this.room.reply({ type: 'EndSession', session: token, reason: 'paid' }, this.atMs);
        return this.end(token);
      case 'expire':
        this.room.reply({ type: 'ExpireDue' }, this.atMs);
        assert.ok(this.room.kind.nextDeadline(this.room.state) > this.atMs);
        return;
      case 'reload':
        return this.room.reload();
    }
  }

  leave(token: SessionRef): void {
    if (this.statusOf(token) === 'waiting') this.left.add(token.place);
    this.room.reply({ type: 'Leave', session: token }, this.atMs);
    this.end(token);
  }

  end(token: SessionRef): void {
    for (const session of this.inside()) if (session.place === token.place) session.endedAt = this.atMs;
  }

  admit(count: number): void {
    const capacity = this.room.view({ type: 'capacity' }, this.atMs);
    const before = this.inside().length;
    // Brings some places again that have been dealt with, and leavers too.
    const people = this.tokens.filter((t) => t.place > this.takenThrough - 2).slice(0, count);
    const through = people.at(-1)?.place ?? 0;
    const events = this.room.events({ type: 'AdmitPeople', epoch: 'e', people, through }, this.atMs);
    let admitted = 0;
    for (const event of events) {
      if (event.type === 'PlacesPassed') this.takenThrough = event.through;
      if (event.type !== 'UserAdmitted') continue;
      admitted += 1;
      assert.ok(event.place > this.takenThrough, 'in order, once');
      assert.ok(!this.left.has(event.place), 'no leaver');
      assert.ok(!this.inside().some((s) => s.userId === event.userId), 'no second session');
      this.takenThrough = event.place;
      const { place, userId, admittedAt, expiresAt } = event;
      this.sessions.push({
        room: 'main',
        epoch: 'e',
        place,
        userId,
        startedAt: admittedAt,
        expiresAt,
        endedAt: Infinity,
      });
    }
    assert.ok(admitted <= capacity.now);
    assert.ok(admitted === 0 || before + admitted <= this.policy.maxActive, 'never more than maxActive');
    // Whoever was not dealt with was kept out by room or rate alone.
    if (this.takenThrough < through) assert.equal(admitted, capacity.now);
  }

  gate(token: SessionRef, purpose: 'hold' | 'browse'): void {
    const decision = this.room.ask({ type: 'PassGate', session: token, purpose }, this.atMs);
    const session = this.inside().find((s) => s.place === token.place);
    if (session === undefined) {
      const code = this.statusOf(token) === 'waiting' ? 'queue_token_waiting' : 'queue_token_expired';
      assert.ok(decision.type === 'rejected' && decision.code === code);
      return;
    }
    const overstayed = this.atMs >= session.startedAt + this.policy.maxSessionSeconds * 1000;
    if (overstayed && purpose === 'hold') {
      assert.ok(decision.type === 'rejected' && decision.code === 'queue_token_expired');
      return;
    }
    assert.equal(decision.type, 'accepted');
    if (decision.type !== 'accepted') return;
    assert.ok(!overstayed || decision.events.length === 0, 'no renewal past the longest stay');
    const renewal = decision.events[0];
    if (renewal?.type === 'SessionRenewed') {
      assert.ok(renewal.expiresAt > session.expiresAt);
      session.expiresAt = renewal.expiresAt;
    }
  }

  statusOf(token: SessionRef): 'waiting' | 'active' | 'expired' {
    if (this.inside().some((s) => s.place === token.place)) return 'active';
    return token.place > this.takenThrough && !this.left.has(token.place) ? 'waiting' : 'expired';
  }

  check(): void {
    for (const token of this.tokens) {
      const seen = this.room.view({ type: 'token', session: token }, this.atMs);
      assert.equal(seen.status, this.statusOf(token));
      if (seen.status !== 'waiting') continue;
      const ahead = this.tokens.filter((t) => t.place < token.place && this.statusOf(t) === 'waiting').length;
      assert.equal(seen.position, ahead + 1);
    }
    const { now, nextAtMs } = this.room.view({ type: 'capacity' }, this.atMs);
    assert.ok(now >= 0 && nextAtMs > this.atMs);
    if (now > 0) assert.ok(this.inside().length + now <= this.policy.maxActive);
    if (nextAtMs === Infinity) return;
    const before = this.room.view({ type: 'capacity' }, nextAtMs - 1);
    assert.equal(before.now, now, 'nothing grows before nextAtMs');
  }

  /** Between any two admissions: not more than the highest rate in force allows, plus one second's worth. */
  checkRate(): void {
    const times = this.sessions.map((s) => s.startedAt);
    for (let i = 0; i < times.length; i += 1) {
      for (let j = i; j < times.length; j += 1) {
        const from = times[i] ?? 0;
        const to = times[j] ?? 0;
        let rate = 0;
        this.policies.forEach((p, index) => {
          const until = this.policies[index + 1]?.fromMs ?? Infinity;
          if (p.fromMs <= to && until >= from) rate = Math.max(rate, p.policy.admitPerSecond);
        });
        assert.ok(j - i + 1 <= (rate * (to - from)) / 1000 + rate, `${j - i + 1} from ${from} to ${to} at ${rate}/s`);
      }
    }
  }
}

describe('a room under any course of events', () => {
  it('keeps its bounds, its order and the status of every token, and replays to the same bytes', () => {
    fc.assert(
      fc.property(policies, fc.array(steps, { minLength: 1, maxLength: 120, size: 'max' }), (policy, course) => {
        const model = new Model(policy);
        for (const step of course) {
          model.run(step);
          model.check();
        }
        model.checkRate();
        assert.deepEqual(model.room.replayed(), model.room.kind.encode(model.room.state));
      }),
      { numRuns: 400 },
    );
  });
});
