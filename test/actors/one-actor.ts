/** One actor under test: commands go in, and its events are applied, kept and replayed as the engine would do it. */
import assert from 'node:assert/strict';
import type { ActorKind, Decision, Protocol } from '../../engine/actor.ts';

export class OneActor<State, P extends Protocol> {
  readonly journal: P['event'][] = [];
  readonly kind: ActorKind<State, P>;
  readonly id: string;
  state: State;

  constructor(kind: ActorKind<State, P>, id: string) {
    this.kind = kind;
    this.id = id;
    this.state = kind.initial(id);
  }

  /** One turn. Events go through JSON, as they do on their way through the journal. */
  ask(command: P['command'], atMs: number): Decision<P['event'], P['reply'], P['code']> {
    const decision = this.kind.decide(this.state, command, atMs);
    if (decision.type === 'rejected') return decision;
    for (const event of decision.events) {
      // True: an event survives JSON, by the contract of `Event`.
      const journaled = JSON.parse(JSON.stringify(event)) as P['event'];
      this.journal.push(journaled);
      this.state = this.kind.evolve(this.state, this.kind.upcast(journaled));
    }
    return decision;
  }

  /** The answer to a command that must be accepted. */
  reply(command: P['command'], atMs: number): P['reply'] {
    const decision = this.ask(command, atMs);
    assert.equal(decision.type, 'accepted', JSON.stringify(decision));
    if (decision.type !== 'accepted') throw new Error('unreachable');
    return decision.reply.type === 'given' ? decision.reply.value : this.kind.reply(decision.events);
  }

  /** The events of a command that must be accepted. */
  events(command: P['command'], atMs: number): readonly P['event'][] {
    const decision = this.ask(command, atMs);
    assert.equal(decision.type, 'accepted', JSON.stringify(decision));
    return decision.type === 'accepted' ? decision.events : [];
  }

  view<T extends keyof P['views']>(query: Extract<P['query'], { readonly type: T }>, atMs: number): P['views'][T] {
    // True: each query names the view that answers it.
    return this.kind.view(this.state, query, atMs) as P['views'][T];
  }

  /** Leaves memory and comes back. */
  reload(): void {
    const bytes = this.kind.encode(this.state);
    this.state = this.kind.decode(this.id, bytes);
    assert.deepEqual(this.kind.encode(this.state), bytes);
  }

  /** The bytes that a replay of the whole journal gives. */
  replayed(): Uint8Array {
    let state = this.kind.initial(this.id);
    for (const event of this.journal) state = this.kind.evolve(state, event);
    return this.kind.encode(state);
  }
}
