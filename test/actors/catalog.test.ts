import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createCatalog, type CatalogState } from '../../actors/catalog/catalog.ts';
import type { CatalogCommand, CatalogProtocol, Concert } from '../../actors/catalog/messages.ts';
import { OneActor } from './one-actor.ts';

type Catalog = OneActor<CatalogState, CatalogProtocol>;

const policy = { admitPerSecond: 1, maxActive: 2, sessionSeconds: 3, maxSessionSeconds: 4 };
const sections = [
  {
    name: 'A',
    price: 100,
    rows: [
      { name: '1', seats: 3 },
      { name: '2', seats: 4 },
    ],
  },
];

const concert = (id: string, digest = 'd'): CatalogCommand => ({
  type: 'CreateConcert',
  concert: { id, name: `Concert ${id}`, description: '' },
  digest,
});

function schedule(
  id: string,
  concertId: string,
  startsAt = 10,
  digest = 'd',
): Extract<CatalogCommand, { type: 'CreateSchedule' }> {
  const facts = { id, concertId, venue: 'Hall', startsAt, salesOpenAt: 1, salesCloseAt: 9 };
  return { type: 'CreateSchedule', schedule: facts, sections, digest };
}

const room = (name: string, concertIds: readonly string[] | null): CatalogCommand => ({
  type: 'PutRoom',
  room: name,
  policy,
  concertIds,
});

function catalogWith(...commands: readonly CatalogCommand[]): Catalog {
  const catalog: Catalog = new OneActor(createCatalog(), 'main');
  for (const command of commands) catalog.reply(command, 0);
  return catalog;
}

const roomOf = (catalog: Catalog, concertId: string, atMs = Infinity) =>
  catalog.view<'roomOf'>({ type: 'roomOf', concertId, atMs }, 0);

describe('creating a concert', () => {
  it('answers with it and lists it', () => {
    const catalog = catalogWith();
    const one = { id: 'c1', name: 'Concert c1', description: '' };
    assert.deepEqual(catalog.reply(concert('c1'), 0), { type: 'concert', concert: one });
    assert.deepEqual(catalog.view<'concert'>({ type: 'concert', concertId: 'c1' }, 0), one);
    assert.equal(catalog.view<'concert'>({ type: 'concert', concertId: 'c2' }, 0), null);
    assert.deepEqual(catalog.view<'schedules'>({ type: 'schedules', concertId: 'c1' }, 0), []);
  });

  it('a second time is refused, and says whether it is the same', () => {
    const catalog = catalogWith(concert('c1'));
    for (const [digest, equal] of [
      ['d', true],
      ['other', false],
    ] as const) {
      const refusal = { type: 'rejected', code: 'already_exists', details: { ids: ['c1'], equal } };
      assert.deepEqual(catalog.ask(concert('c1', digest), 0), refusal);
    }
  });
});

describe('creating a schedule', () => {
  it('answers with it, and opens its actor in the same turn', () => {
    const catalog = catalogWith(concert('c1'));
    const command = schedule('s1', 'c1');
    const decision = catalog.ask(command, 0);
    assert.ok(decision.type === 'accepted');
    assert.deepEqual(catalog.kind.reply(decision.events), {
      type: 'schedule',
      schedule: command.schedule,
      seatsTotal: 7,
    });
    const { id: _, ...facts } = command.schedule;
    assert.deepEqual(decision.effects, [
      { type: 'tell', to: 'schedule:s1', command: { type: 'OpenSchedule', ...facts, sections } },
    ]);
    const listed = { ...command.schedule, seatsTotal: 7 };
    assert.deepEqual(catalog.view<'schedule'>({ type: 'schedule', scheduleId: 's1' }, 0), listed);
    assert.equal(catalog.view<'schedule'>({ type: 'schedule', scheduleId: 's2' }, 0), null);
  });

  it('needs its concert first, then a free id', () => {
    const catalog = catalogWith(concert('c1'), schedule('s1', 'c1'));
    const noConcert = { type: 'rejected', code: 'concert_not_found', details: { concertIds: ['c9'] } };
    assert.deepEqual(catalog.ask(schedule('s1', 'c9'), 0), noConcert);
    const details = { ids: ['s1'], equal: true };
    assert.deepEqual(catalog.ask(schedule('s1', 'c1'), 0), { type: 'rejected', code: 'already_exists', details });
    assert.deepEqual(catalog.ask(schedule('s1', 'c1', 10, 'other'), 0), {
      type: 'rejected',
      code: 'already_exists',
      details: { ids: ['s1'], equal: false },
    });
  });

  it('lists a concert’s dates by start, then id', () => {
    const catalog = catalogWith(
      concert('c1'),
      schedule('b', 'c1', 20),
      schedule('z', 'c1', 10),
      schedule('a', 'c1', 20),
    );
    const dates = catalog.view<'schedules'>({ type: 'schedules', concertId: 'c1' }, 0);
    assert.deepEqual(
      dates?.map((date) => date.id),
      ['z', 'a', 'b'],
    );
    assert.equal(catalog.view<'schedules'>({ type: 'schedules', concertId: 'c9' }, 0), null);
  });
});

describe('a room', () => {
  it('gets its policy in the same turn, and covers the concerts that it names', () => {
    const catalog = catalogWith(concert('c1'), concert('c2'));
    const decision = catalog.ask(room('hall', ['c1', 'c1']), 0);
    assert.ok(decision.type === 'accepted');
    assert.deepEqual(catalog.kind.reply(decision.events), { type: 'room', room: 'hall', policy, concertIds: ['c1'] });
    assert.deepEqual(decision.effects, [
      { type: 'tell', to: 'admission:hall', command: { type: 'SetPolicy', policy } },
    ]);
    assert.deepEqual([roomOf(catalog, 'c1'), roomOf(catalog, 'c2')], ['hall', 'main']);
    assert.deepEqual(catalog.view<'rooms'>({ type: 'rooms' }, 0), ['hall']);
    assert.deepEqual(catalog.view<'room'>({ type: 'room', room: 'hall' }, 0), { room: 'hall', concertIds: ['c1'] });
    assert.equal(catalog.view<'room'>({ type: 'room', room: 'main' }, 0), null);
  });

  it('names only concerts that there are, and that no other room names', () => {
    const catalog = catalogWith(concert('c1'), room('hall', ['c1']));
    assert.deepEqual(catalog.ask(room('other', ['c8', 'c1', 'c9']), 0), {
      type: 'rejected',
      code: 'concert_not_found',
      details: { concertIds: ['c8', 'c9'] },
    });
    assert.deepEqual(catalog.ask(room('other', ['c1']), 0), {
      type: 'rejected',
      code: 'already_exists',
      details: { ids: ['c1'], equal: false },
    });
  });

  it('keeps its concerts when told nothing of them, and lets them go when told so', () => {
    const catalog = catalogWith(concert('c1'), room('hall', ['c1']), room('hall', null));
    assert.equal(roomOf(catalog, 'c1'), 'hall');
    catalog.reply(room('hall', []), 0);
    assert.equal(roomOf(catalog, 'c1'), 'main');
    catalog.reply(room('other', ['c1']), 0);
    assert.equal(roomOf(catalog, 'c1'), 'other');
  });

  it('that loses or gains a concert does so for later times only, also after a snapshot', () => {
    const catalog = catalogWith(concert('c1'));
    catalog.reply(room('hall', ['c1']), 100);
    catalog.reply(room('hall', ['c1']), 150);
    catalog.reply(room('hall', []), 200);
    catalog.reply(room('other', ['c1']), 300);
    const expected = ['main', 'hall', 'hall', 'main', 'other'];
    const times = [99, 100, 199, 200, 300];
    assert.deepEqual(
      times.map((atMs) => roomOf(catalog, 'c1', atMs)),
      expected,
    );
    catalog.reload();
    assert.deepEqual(
      times.map((atMs) => roomOf(catalog, 'c1', atMs)),
      expected,
    );
  });

  it('main lists none: what it names it covers already, unless another room does', () => {
    const catalog = catalogWith(concert('c1'), concert('c2'), room('hall', ['c2']), room('main', ['c1']));
    assert.deepEqual(catalog.view<'room'>({ type: 'room', room: 'main' }, 0), { room: 'main', concertIds: [] });
    assert.equal(roomOf(catalog, 'c1'), 'main');
    const refused = catalog.ask(room('main', ['c2']), 0);
    assert.ok(refused.type === 'rejected' && refused.code === 'already_exists');
  });
});

describe('a catalog of any content', () => {
  const id = fc.integer({ min: 0, max: 25 }).map((n) => `c${n}`);
  const commands = fc.oneof(
    id.map((concertId) => concert(concertId)),
    fc.tuple(fc.nat(40), id, fc.nat(5)).map(([n, concertId, startsAt]) => schedule(`s${n}`, concertId, startsAt)),
    fc
      .tuple(fc.constantFrom('main', 'hall', 'yard'), fc.option(fc.array(id, { maxLength: 3 })))
      .map(([name, ids]) => room(name, ids)),
  );

  it('pages its concerts in order, and is the same after a restart and a replay', () => {
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 100, size: 'max' }), fc.integer({ min: 1, max: 7 }), (all, limit) => {
        const catalog = catalogWith();
        const created = new Set<string>();
        for (const command of all) {
          const decision = catalog.ask(command, 0);
          if (command.type === 'CreateConcert' && decision.type === 'accepted') created.add(command.concert.id);
        }
        for (const reloaded of [false, true]) {
          if (reloaded) catalog.reload();
          const paged: string[] = [];
          for (let after: string | null = null; ;) {
            const page: readonly Concert[] = catalog.view<'concerts'>({ type: 'concerts', after, limit }, 0);
            paged.push(...page.map((listed) => listed.id));
            if (page.length < limit) break;
            after = page.at(-1)?.id ?? null;
          }
          assert.deepEqual(paged, [...created].sort());
        }
        assert.deepEqual(catalog.replayed(), catalog.kind.encode(catalog.state));
      }),
      { numRuns: 100 },
    );
  });
});
