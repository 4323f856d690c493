/** The table of events in api/nats/feed/README.md says what the feed really shows. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { paymentSchema, reservationSchema } from '../../api/answers/schemas/reservation.ts';
import { attributesOf, natsSubjectOf } from '../../api/nats/feed/cloud-event.ts';
import { publicEvents, type PublicEvent } from '../../api/nats/feed/public-events.ts';
import type { KeyBinding, Turn } from '../../engine/ports.ts';
import { codeIn, fieldsIn, tableOf } from '../markdown-tables.ts';
import { t0 as at } from '../read-model/journal-of.ts';
import { hidden, shown, visibility } from './feed-samples.ts';

const document = readFileSync(new URL('../../api/nats/feed/README.md', import.meta.url), 'utf8');
const rows = tableOf(document, 'Subject after `onsale.v1.events.`');

const refused: KeyBinding = {
  scope: 'do|ann|schedule:s1|k',
  fingerprint: 'f',
  outcome: { type: 'rejected', code: 'schedule_not_found', details: {} },
};
const turns: readonly Turn[] = [
  ...shown.map(([, event]) => ({ atMs: at, to: event.actor, command: 'Given', events: [event] })),
  { atMs: at, to: 'schedule:s1', command: 'HoldSeats', key: 'k', binding: refused, events: [] },
];
const events = publicEvents({ number: 1, atMs: at, turns });

/** `schedule.<scheduleId>.opened` → `onsale.v1.events.schedule.*.opened`; the same with the id of a sample. */
function withStar(subject: string, id: string): string {
  return `onsale.v1.events.${subject.replace(`.${id}.`, '.*.')}`;
}

function fieldsOfBody(cell: string): string[] {
  return cell.startsWith('Reservation, ') ? Object.keys(reservationSchema.shape) : fieldsIn(cell);
}

describe('the samples', () => {
  test('are one of each type of event, so that none can be missing from the table', () => {
    const sampled = [
      ...shown.map(([, { event }]) => `${event.type}: shown`),
      ...hidden.map(({ event }) => `${event.type}: hidden`),
    ];
    const all = Object.entries(visibility).map(([type, shownOrHidden]) => `${type}: ${shownOrHidden}`);
    assert.deepEqual(sampled.sort(), all.sort());
  });
});

describe('the table of events', () => {
  test('has each subject and type of the feed, and no other', () => {
    const written = rows.map(([subject = '', type = '']) => {
      const [code = ''] = codeIn(subject);
      return `${withStar(code, /<\w+>/.exec(code)?.[0] ?? '')} ${codeIn(type)[0]}`;
    });
    const real = events.map((event) => {
      const subject = natsSubjectOf(event).slice('onsale.v1.events.'.length);
      return `${withStar(subject, event.id)} ${attributesOf('j', event).type}`;
    });
    assert.deepEqual(written.sort(), real.sort());
  });

  for (const [subject = '', type = '', body = ''] of rows) {
    test(`names the fields of ${codeIn(subject)[0]}`, () => {
      const event = events.find((one) => attributesOf('j', one).type === codeIn(type)[0]);
      assert.ok(event !== undefined);
      assert.deepEqual(fieldsOfBody(body), Object.keys(event.body));
    });
  }

  test('says which events carry a reservation, and in which status, and a payment', () => {
    const statuses = rows.flatMap(([, type = '', body = '']) =>
      body.startsWith('Reservation, ') ? [[codeIn(type)[0], codeIn(body)[0]]] : [],
    );
    const real = events.flatMap((event: PublicEvent) =>
      'status' in event.body ? [[attributesOf('j', event).type, event.body.status]] : [],
    );
    assert.deepEqual(statuses, real);
    const paid = events.find(({ name }) => name === 'reservation-paid')?.body;
    assert.ok(paid !== undefined && 'payment' in paid && 'reservation' in paid);
    assert.deepEqual(Object.keys(paid.payment as object), Object.keys(paymentSchema.shape));
    assert.deepEqual(Object.keys(paid.reservation as object), Object.keys(reservationSchema.shape));
  });
});
