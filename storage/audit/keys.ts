/** Idempotency keys: one effect for each while it is bound, and a reply that the journal can give again. */
import type { KeyPending, Turn } from '../../engine/ports.ts';
import type { Findings } from './findings.ts';

export interface AuditedBinding {
  readonly batch: number;
  readonly turn: number;
  readonly outcome: 'made' | 'given' | 'rejected';
  readonly fingerprint: string;
  readonly atMs: number;
}

export interface AuditedPending extends KeyPending {
  readonly actor: string;
}

export class KeyAudit {
  /** The newest binding of each scope, oldest first. Those past their time go. */
  readonly bound = new Map<string, AuditedBinding>();
  /** The same for durable commands, whose keys last until some time after their messages were acked: none goes. */
  readonly boundDurable = new Map<string, AuditedBinding>();
  readonly pending = new Map<string, AuditedPending>();
  readonly #findings: Findings;
  readonly #ttlMs: number | null;

  constructor(findings: Findings, ttlMs: number | null) {
    this.#findings = findings;
    this.#ttlMs = ttlMs;
  }

  turn(batch: number, index: number, turn: Turn): void {
    const { pending, released, binding } = turn;
    const where = `batch ${batch}, turn ${index}`;
    if (pending !== undefined) {
      if (this.#isBound(pending.scope, turn.atMs)) {
        this.#findings.addAt('key-bound-twice', where, `${pending.scope} waits for a reply, though it is bound`);
      }
      this.pending.set(pending.scope, { ...pending, actor: turn.to });
    }
    if (released !== undefined && !this.pending.delete(released)) {
      this.#findings.addAt('key-pending', where, `${released} is set free, though it waits for nothing`);
    }
    if (binding === undefined) return;
    const { scope, fingerprint, outcome } = binding;
    const earlier = this.#earlier(scope);
    if (earlier !== undefined && this.#isBound(scope, turn.atMs)) {
      const what = `${scope} is bound in batch ${earlier.batch}, turn ${earlier.turn}, and again`;
      this.#findings.addAt('key-bound-twice', where, what);
    }
    const waited = this.pending.get(scope);
    if (waited !== undefined && waited.fingerprint !== fingerprint) {
      this.#findings.addAt('key-pending', where, `${scope} waited for another command than it is bound to`);
    }
    this.pending.delete(scope);
    const actor = actorIn(scope);
    if (actor !== turn.to) this.#findings.addAt('key-address', where, `${scope} is bound in a turn of ${turn.to}`);
    if (outcome.type === 'made' && !turn.events.some((event) => event.actor === actor)) {
      this.#findings.addAt('key-empty', where, `${scope} is bound to events of ${actor}, of which there is none`);
    }
    this.#bind(scope, { batch, turn: index, outcome: outcome.type, fingerprint, atMs: turn.atMs });
  }

  #bind(scope: string, binding: AuditedBinding): void {
    const bound = this.#table(scope);
    bound.delete(scope);
    bound.set(scope, binding);
    if (this.#ttlMs === null) return;
    for (const [oldest, { atMs }] of this.bound) {
      if (atMs > binding.atMs - this.#ttlMs) return;
      this.bound.delete(oldest);
    }
  }

  #earlier(scope: string): AuditedBinding | undefined {
    return this.#table(scope).get(scope);
  }

  #table(scope: string): Map<string, AuditedBinding> {
    return scope.startsWith('do|') ? this.boundDurable : this.bound;
  }

  #isBound(scope: string, atMs: number): boolean {
    const earlier = this.#earlier(scope);
    return earlier !== undefined && (this.#ttlMs === null || earlier.atMs > atMs - this.#ttlMs);
  }
}

/** The actor that a key's command addressed: the third part of `door|user|actor|key`. */
function actorIn(scope: string): string {
  const part = scope.split('|', 3)[2] ?? '';
  return part.includes('%') ? part.replaceAll('%7C', '|').replaceAll('%25', '%') : part;
}
