/** What the real program leaves behind: every snapshot is what a replay of its journal gives, byte for byte. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import Database from 'better-sqlite3';
import { createKinds } from '../../actors/kinds.ts';
import { limits } from '../../api/limits.ts';
import type { Address, ErasedKind } from '../../engine/actor.ts';
import { JournalReader } from '../../storage/journal-reader.ts';
import { Client } from '../system/client.ts';
import { Program } from '../system/program.ts';
import * as sale from '../system/sale.ts';
import { dataDirectory } from './data-directory.ts';

const env = { HOLD_TTL_SECONDS: '1', MAX_SEATS_PER_USER: '100' };

/** Holds, charges, payments (some refused), cancellations; some holds are left to expire. */
async function trade(client: Client, life: number): Promise<void> {
  const people = await sale.enterMany(client, `life-${life}-`, 20);
  await Promise.all(
    people.map(async (token, index) => {
      const userId = `life-${life}-${index}`;
      const held = await sale.hold(client, token, 's', [`A-${life}-${index + 1}`, `A-${life}-${index + 2}`], 'hold');
      if (index % 4 > 0) await sale.charge(client, userId, index % 4 === 1 ? 1 : 1_000, 'charge');
      if (held.status !== 201) return;
      const id = String(held.body['id']);
      if (index % 5 === 0) await client.send('DELETE', `/v1/reservations/${id}`, { token });
      else if (index % 5 < 4) await sale.pay(client, token, id, 'pay');
    }),
  );
}

function kindOf(kinds: Readonly<Record<string, ErasedKind>>, actor: string): ErasedKind {
  const kind = kinds[actor.slice(0, actor.indexOf(':'))];
  assert.ok(kind !== undefined, actor);
  return kind;
}

/** Replays the journal once, and compares each snapshot when the replay reaches its position. */
function compare(dataDir: string): { readonly snapshots: number; readonly actors: number; readonly kinds: number } {
  const state = new Database(join(dataDir, 'state.db'), { readonly: true });
  const rows = state
    .prepare<[], { actor: Address; position: number; state: Buffer }>('SELECT actor, position, state FROM snapshots')
    .all();
  const complete = state.prepare("SELECT batch FROM positions WHERE name = 'complete_through'").pluck().get();
  state.close();
  const reader = new JournalReader(join(dataDir, 'journal.db'));
  const kinds = createKinds({ ...limits, holdTtlMs: 1_000, seatsPerReservationMax: 8, seatsPerUserMax: 100 });
  const states = new Map<Address, unknown>();
  const seenKinds = new Set<string>();
  let compared = 0;
  for (const batch of reader.batches(1)) {
    for (const { events } of batch.turns) {
      for (const { actor, event } of events) {
        const kind = kindOf(kinds, actor);
        const before = states.has(actor) ? states.get(actor) : kind.initial(actor.slice(actor.indexOf(':') + 1));
        states.set(actor, kind.evolve(before, kind.upcast(event)));
      }
    }
    for (const row of rows) {
      if (row.position !== batch.number) continue;
      const kind = kindOf(kinds, row.actor);
      assert.ok(Buffer.from(kind.encode(states.get(row.actor))).equals(row.state), `${row.actor} at ${row.position}`);
      seenKinds.add(kind.kind);
      compared += 1;
    }
  }
  assert.equal(complete, reader.end().batch);
  reader.close();
  assert.equal(compared, rows.length);
  return { snapshots: compared, actors: states.size, kinds: seenKinds.size };
}

describe('a data directory after several lives of the program', () => {
  it('holds a snapshot of every actor, each what a replay of the journal gives, byte for byte', async (t) => {
    const dataDir = dataDirectory(t);
    for (const life of [1, 2, 3]) {
      const program = await Program.start(dataDir, env);
      const client = new Client(program.port);
      if (life === 1) {
        await sale.putRoom(client, 'main', sale.openDoors);
        await sale.createConcert(client, 'c');
        await sale.createSchedule(client, 'c', 's', { rows: 3, seats: 30, price: 100 });
      }
      await trade(client, life);
      client.close();
      // The second life ends by kill -9, so the third starts from older snapshots and the tail.
      await (life === 2 ? program.kill() : program.stop());
    }
    const { snapshots, actors, kinds } = compare(dataDir);
    assert.equal(snapshots, actors);
    assert.ok(kinds >= 5, 'every kind of actor has a snapshot');
  });
});
