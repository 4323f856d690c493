/** A batch of several turns on the feed: numbers, names of commands, refusals, and the CloudEvents made of them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JournaledEvent, KeyBinding, StoredBatch } from '../../engine/ports.ts';
import { structuredJson, attributesOf, binaryHeaders, natsSubjectOf } from '../../api/nats/feed/cloud-event.ts';
import { formatEventId, parseEventId } from '../../api/nats/feed/event-id.ts';
import { publicEvents } from '../../api/nats/feed/public-events.ts';
import * as given from '../read-model/journal-of.ts';

const at = given.t0;
const session = { epoch: 'e1', place: 12, userId: 'ann' };

const refusal: KeyBinding = {
  scope: 'do|a%7Cb|schedule:s1|key|with%bars',
  fingerprint: 'f',
  outcome: { type: 'rejected', code: 'sales_closed', details: { salesOpenAt: at, salesCloseAt: at + 1, inside: 1 } },
};
const charged = (user: string, id: string): JournaledEvent =>
  given.wallet(user, {
    type: 'WalletCharged',
    v: 1,
    charge: { id, userId: user, amount: 1, balance: 1, chargedAt: at },
  });
const renewed = given.admission('main', {
  type: 'SessionRenewed',
  v: 1,
  ...session,
  renewedAt: at,
  expiresAt: at + 1,
});

/** Three turns: two events, a refusal with a private event before it, one event. */
const mixed: StoredBatch = {
  number: 8,
  atMs: at + 2,
  turns: [
    { atMs: at, to: 'wallet:ann', command: 'ChargeWallet', key: 'k1', events: [charged('ann', 'c1'), renewed] },
    {
      atMs: at + 1,
      to: 'schedule:s1',
      command: 'HoldSeats',
      key: 'key|with%bars',
      binding: refusal,
      events: [renewed],
    },
    { atMs: at + 2, to: 'wallet:bob', command: 'ChargeWallet', events: [charged('bob', 'c2')] },
  ],
};

describe('a batch of several turns', () => {
  test('numbers all of its events, then its refusals by their turns', () => {
    assert.deepEqual(
      publicEvents(mixed).map(({ kind, id, index }) => [kind, id, index]),
      [
        ['wallet', 'ann', 0],
        ['wallet', 'bob', 3],
        ['command', '8-1', 5],
      ],
    );
  });

  test('names the client’s key as the command, or the turn where there was none', () => {
    assert.deepEqual(
      publicEvents(mixed).map(({ commandId }) => commandId),
      ['k1', '8-2', 'key|with%bars'],
    );
  });

  test('tells a refusal with the command, its key, its user and the problem of the HTTP API', () => {
    const told = publicEvents(mixed).at(-1);
    assert.ok(told !== undefined);
    assert.equal(natsSubjectOf(told), 'onsale.v1.events.command.8-1.rejected');
    assert.deepEqual(told.body, {
      command: 'hold',
      key: 'key|with%bars',
      userId: 'a|b',
      problem: {
        type: '/docs#problem-sales_closed',
        title: 'It is not on sale now',
        status: 409,
        code: 'sales_closed',
        detail: 'It is not on sale now.',
        salesOpenAt: '2026-11-22T12:00:00.123Z',
        salesCloseAt: '2026-11-22T12:00:00.124Z',
      },
    });
  });

  test('is a CloudEvent in headers, with what the binding wants encoded', () => {
    const told = publicEvents(mixed).at(-1);
    assert.ok(told !== undefined);
    assert.deepEqual(Object.fromEntries(binaryHeaders(attributesOf('j-1', told))), {
      'ce-specversion': '1.0',
      'ce-id': 'j-1-8-5',
      'ce-type': 'onsale.v1.command.rejected',
      'ce-source': '/onsale/journals/j-1',
      'ce-subject': 'command/8-1',
      'ce-time': '2026-11-22T12:00:00.124Z',
      'ce-commandid': 'key|with%25bars',
      'ce-datacontenttype': 'application/json',
    });
  });

  test('is a CloudEvent in one line of JSON', () => {
    const [first] = publicEvents(mixed);
    assert.ok(first !== undefined);
    assert.deepEqual(JSON.parse(structuredJson('j-1', first)), {
      specversion: '1.0',
      id: 'j-1-8-0',
      type: 'onsale.v1.wallet.charged',
      source: '/onsale/journals/j-1',
      subject: 'wallet/ann',
      time: '2026-11-22T12:00:00.123Z',
      commandid: 'k1',
      datacontenttype: 'application/json',
      data: { id: 'c1', userId: 'ann', amount: 1, balance: 1 },
    });
  });
});

test('an id is read back as it was written, and no other text is an id', () => {
  const id = { journalId: '0f8e-11-22', batch: 12, index: 0 };
  assert.deepEqual(parseEventId(formatEventId(id)), id);
  for (const text of ['', 'j', 'j-1', '-1-0', 'j-0-0', 'j-01-0', 'j-1-00', 'j-1-x', 'j-1-0 ', 'j-1--1', 'j-1.5-0']) {
    assert.equal(parseEventId(text), null, text);
  }
});
