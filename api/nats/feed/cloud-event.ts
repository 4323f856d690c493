/**
 * Public events as CloudEvents 1.0: in binary mode for NATS (attributes in headers, the body as it is), and as
 * structured JSON for `npm run export`.
 */
import { isoTime } from '../../answers/answer.ts';
import { formatEventId } from './event-id.ts';
import type { PublicEvent } from './public-events.ts';

export interface EventAttributes {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly time: string;
  readonly commandid: string;
}

/** Names the journal: a URI reference, so that an id is unique beside it. */
export function sourceOf(journalId: string): string {
  return `/onsale/journals/${journalId}`;
}

export function attributesOf(journalId: string, event: PublicEvent): EventAttributes {
  const { batch, index, kind, id, name, atMs, commandId } = event;
  return {
    id: formatEventId({ journalId, batch, index }),
    type: `onsale.v1.${kind}.${name}`,
    source: sourceOf(journalId),
    subject: `${kind}/${id}`,
    time: isoTime(atMs),
    commandid: commandId,
  };
}

export function natsSubjectOf({ kind, id, name }: PublicEvent): string {
  return `onsale.v1.events.${kind}.${id}.${name}`;
}

/** Headers of binary mode, as the NATS protocol binding of CloudEvents 1.0 spells them. */
export function binaryHeaders(attributes: EventAttributes): readonly (readonly [name: string, value: string])[] {
  return [
    ['ce-specversion', '1.0'],
    ['ce-id', attributes.id],
    ['ce-type', attributes.type],
    ['ce-source', attributes.source],
    ['ce-subject', attributes.subject],
    ['ce-time', attributes.time],
    ['ce-commandid', headerValue(attributes.commandid)],
    ['ce-datacontenttype', 'application/json'],
  ];
}

export function structuredJson(journalId: string, event: PublicEvent): string {
  const datacontenttype = 'application/json';
  return JSON.stringify({
    specversion: '1.0',
    ...attributesOf(journalId, event),
    datacontenttype,
    data: event.body,
  });
}

/** The binding demands percent-encoding of space, quote, percent, and whatever is not printable ASCII. */
function headerValue(text: string): string {
  return /^[!#$&-~]*$/.test(text) ? text : text.replaceAll(/[^!#$&-~]/gu, encodeURIComponent);
}
