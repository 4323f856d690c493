/** The table of subjects in api/nats/commands/README.md says what the doors really have. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { queueTokenBody } from '../../api/answers/queue-answers.ts';
import { chargeSchema, paymentSchema, reservationSchema, seatFields } from '../../api/answers/schemas/reservation.ts';
import { commandsSubjects } from '../../api/nats/commands/commands-stream.ts';
import { readDurable } from '../../api/nats/commands/durable-message.ts';
import { createSeatLists } from '../../api/seats/seat-list.ts';
import { createEndpoints, type EndpointDependencies } from '../../api/nats/commands/endpoints.ts';
import { EndpointStats, microAnswers, microEndpoints } from '../../api/nats/commands/micro-service.ts';
import type { Answer } from '../../api/answers/answer.ts';
import { codeIn, fieldsIn, tableOf } from '../markdown-tables.ts';

const document = readFileSync(new URL('../../api/nats/commands/README.md', import.meta.url), 'utf8');
const rows = tableOf(document, 'Subject').flatMap(([subjects = '', body = '', mayBeEmpty = '', key = '']) =>
  codeIn(subjects).map((subject) => ({ subject, body, mayBeEmpty: mayBeEmpty === 'yes', key })),
);
const shapes = new Map(tableOf(document, 'Shape').map(([name = '', fields = '']) => [name, fields]));

const layout = { seatsTotal: 1, seats: () => [{ id: 'A-1-1', section: 'A', row: '1', number: 1, price: 5 }] };
/** A date of one seat, wallets with 7, and nothing to be asked: nothing that is refused gets as far as here. */
const views: Readonly<Record<string, object>> = {
  seats: { schedule: { id: 'x' }, changes: 1, seatsAvailable: 1, seatsTotal: 1, layout, statuses: [0] },
  balance: { userId: 'x', balance: 7 },
};
const endpoints = createEndpoints({
  engine: {
    view: (_to: string, query: { readonly type: string }) => views[query.type],
    viewDurable: (_to: string, query: { readonly type: string }) => views[query.type],
  },
  seatChanges: { version: () => 'v' },
  seatLists: createSeatLists(),
  // True as far as this test goes: the endpoints ask for nothing else before a body is accepted.
} as unknown as EndpointDependencies);

function withStar(subject: string): string {
  return subject.replace(/<\w+>$/, '*');
}

function messageTo(subject: string, text: string) {
  return { subject: withStar(subject).replace('*', 'x'), data: new TextEncoder().encode(text) };
}

async function answerTo(subject: string, text: string): Promise<Answer> {
  const endpoint = endpoints.find((one) => one.subject === withStar(subject));
  if (endpoint !== undefined) return await endpoint.answer(messageTo(subject, text));
  const read = readDurable(messageTo(subject, text));
  assert.ok(!read.ok);
  return read.answer;
}

function textOf({ body }: Answer): string {
  assert.ok(typeof body === 'string' || body instanceof Uint8Array);
  return typeof body === 'string' ? body : new TextDecoder().decode(body);
}

/** The fields that the answer says are missing. */
function missingIn(answer: Answer): string[] {
  if (answer.code !== 'invalid_request') return [];
  // Every problem of this code lists its errors.
  return (JSON.parse(textOf(answer)) as { errors: { path: string }[] }).errors.map(({ path }) => path);
}

function fieldsOf(shape: string): string[] {
  const text = shapes.get(shape) ?? '';
  return text.startsWith('Ping and ') ? [...fieldsOf('Ping'), ...fieldsIn(text)] : fieldsIn(text);
}

describe('the table of subjects', () => {
  test('has each subject of requests, of the work queue and of the service protocol, and no other', () => {
    const service = microEndpoints('*', microAnswers('*', new Date(0), []));
    const served = [...endpoints, ...service].map(({ subject }) => subject);
    assert.deepEqual(rows.map(({ subject }) => withStar(subject)).sort(), [...served, ...commandsSubjects].sort());
  });

  for (const { subject, body, mayBeEmpty } of rows.filter((row) => !row.subject.startsWith('$SRV'))) {
    const [, , kind = '', verb = ''] = subject.split('.');
    test(`names the fields of the body of ${kind}.${verb}, and whether it may be empty`, async () => {
      const needed = fieldsIn(body).filter((name) => !name.endsWith('?'));
      assert.deepEqual(missingIn(await answerTo(subject, '{}')), needed);
      const unknown = await answerTo(subject, '{"nobodyKnowsIt":1}');
      assert.equal(unknown.code, 'invalid_request');
      const empty = await answerTo(subject, '');
      assert.equal(empty.code !== 'invalid_request', mayBeEmpty);
    });
  }

  test('says where a key is needed', () => {
    for (const { subject, key } of rows) assert.equal(key === 'required', subject.startsWith('onsale.v1.do.'), subject);
  });
});

describe('the table of shapes', () => {
  const place = { room: 'main', epoch: 'e', place: 1, userId: 'ann' };
  const status = { status: 'waiting', position: 1, etaSeconds: 1, expiresAt: null, pollAfterSeconds: 1 } as const;
  const service = microAnswers('i', new Date(0), [{ name: 'n', subject: 's', stats: new EndpointStats() }]);

  for (const [shape, real] of [
    ['Reservation', reservationSchema.shape],
    ['Seat', seatFields],
    ['Payment', paymentSchema.shape],
    ['Charge', chargeSchema.shape],
    ['Token', queueTokenBody('t', place, status)],
    ['Ping', service.PING()],
    ['Info', service.INFO()],
    ['Stats', service.STATS()],
  ] as const) {
    test(`has the fields of ${shape}`, () => assert.deepEqual(fieldsOf(shape).sort(), Object.keys(real).sort()));
  }

  for (const [shape, subject] of [
    ['SeatList', 'onsale.v1.query.seats.*'],
    ['Balance', 'onsale.v1.query.balance.*'],
  ] as const) {
    test(`has the fields of ${shape}`, async () => {
      const answer = await answerTo(subject, '');
      assert.equal(answer.status, 200);
      assert.deepEqual(fieldsOf(shape), Object.keys(JSON.parse(textOf(answer)) as object));
    });
  }

  test('names the fields of a listed endpoint', () => {
    for (const [shape, answer] of [
      ['Info', service.INFO()],
      ['Stats', service.STATS()],
    ] as const) {
      const named = codeIn(shapes.get(shape) ?? '');
      for (const field of Object.keys(answer.endpoints[0] ?? {})) {
        assert.ok(named.includes(field), `${shape}: ${field}`);
      }
    }
  });
});
