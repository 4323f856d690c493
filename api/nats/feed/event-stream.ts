/**
 * The stream `ONSALE_EVENTS`: made or checked at every (re)start, and published to in pipelines that keep their order
 * by construction.
 *
 * Every message names the one that must be the stream's last when it is stored: the first of a pipeline by sequence, the
 * others by the id of the message before them. When one is lost in the middle, all after it are refused, so an event
 * stands in the stream only after what it follows in the journal. (Sequences alone do not do: strangers' messages could
 * take the numbers of the lost ones.) Its own id makes a repetition within the duplicate window a harmless answer.
 */
import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  type JetStreamManager,
  type StoredMsg,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import { headers, nanos } from '@nats-io/transport-node';
import { limits } from '../../limits.ts';
import { jetStreamTimeoutMs, NatsAway, type NatsLink } from '../connection.ts';
import { AckInbox } from './ack-inbox.ts';
import { attributesOf, binaryHeaders, natsSubjectOf, sourceOf } from './cloud-event.ts';
import { formatEventId, parseEventId, type EventId } from './event-id.ts';
import type { PublicEvent } from './public-events.ts';

export const eventStreamName = 'ONSALE_EVENTS';
const subjects = 'onsale.v1.events.>';
/** How long `open` waits for a connection, ms. */
const connectWaitMs = 500;

/** The stream is somebody else's, or what it holds did not come from this journal. Nothing is published to it. */
export class StreamRefused extends Error {
  override readonly name = 'StreamRefused';
}

export interface StreamEnd {
  readonly lastSequence: number;
  /** Of the last message; null when there is none, or somebody else published it. */
  readonly lastEvent: EventId | null;
}

export interface EventStream {
  /**
   * Makes the stream where there is none, checks whose it is, and looks where it ends.
   *
   * @throws StreamRefused; NatsAway; other errors of JetStream, after which to try again
   */
  open(): Promise<StreamEnd>;
  /**
   * Resolves when the stream holds the event, now or from an earlier try. A rejection tells nothing of whether it is
   * stored: `open` does.
   *
   * @param body the event's body as JSON
   * @param after what must stand last in the stream, or it rejects: a sequence, or the event published just before
   */
  publish(event: PublicEvent, body: string, after: number | PublicEvent): Promise<void>;
}

/** What the description of the stream says: operators read it, and engines compare it. */
function describeEventStream(journalId: string): string {
  return `Onsale event feed of journal ${journalId}`;
}

export function createEventStream(link: NatsLink, journalId: string): EventStream {
  const description = describeEventStream(journalId);
  let inbox: AckInbox | null = null;
  return {
    async open() {
      if (!(await link.connected(connectWaitMs))) throw new NatsAway('NATS is away');
      const { jsm } = link.live();
      const { config, state } = await madeOrFound(jsm, description);
      if (config.description !== description) {
        const found = config.description === undefined ? 'missing' : JSON.stringify(config.description);
        throw new StreamRefused(
          `The stream ${eventStreamName} is not this engine's: its description is ${found}, not "${description}". ` +
            'Use another NATS account, or delete the stream if no engine needs it any more',
        );
      }
      const lastEvent = state.messages === 0 ? null : await lastEventIn(jsm, journalId);
      return { lastSequence: state.last_seq, lastEvent };
    },

    async publish(event, body, after) {
      const { nc } = link.live();
      if (inbox === null || inbox.nc !== nc || inbox.lost) inbox = new AckInbox(nc, jetStreamTimeoutMs);
      const attributes = attributesOf(journalId, event);
      const carried = headers();
      for (const [name, value] of binaryHeaders(attributes)) carried.append(name, value);
      carried.append('Nats-Msg-Id', attributes.id);
      carried.append('Nats-Expected-Stream', eventStreamName);
      if (typeof after === 'number') carried.append('Nats-Expected-Last-Sequence', String(after));
      else
        carried.append(
          'Nats-Expected-Last-Msg-Id',
          formatEventId({ journalId, batch: after.batch, index: after.index }),
        );
      await inbox.publish(natsSubjectOf(event), body, carried);
    },
  };
}

async function madeOrFound(manager: JetStreamManager, description: string): Promise<StreamInfo> {
  try {
    return await manager.streams.info(eventStreamName);
  } catch (error) {
    if (!isCode(error, JetStreamApiCodes.StreamNotFound)) throw error;
  }
  const config = {
    name: eventStreamName,
    description,
    subjects: [subjects],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_age: nanos(limits.feedAgeMaxMs),
    max_bytes: limits.feedBytesMax,
    duplicate_window: nanos(limits.feedDuplicateWindowMs),
    allow_direct: true,
  } satisfies Partial<StreamConfig>;
  return await manager.streams.add(config);
}

/**
 * The journal's event in the stream's last message. Null where that is somebody else's, or was deleted by hand or has aged
 * out meanwhile: then the stream tells nothing. Rejects where there is no stream.
 */
export async function lastEventIn(manager: JetStreamManager, journalId: string): Promise<EventId | null> {
  const message = await manager.streams.getMessage(eventStreamName, { last_by_subj: subjects });
  const id = message === null ? null : parseEventId(eventIdIn(message, journalId));
  return id?.journalId === journalId ? id : null;
}

/** Empty where it is none of ours. The client throws at headers that a stranger may send and the server takes. */
function eventIdIn(message: StoredMsg, journalId: string): string {
  try {
    const { header } = message;
    const id = header.get('ce-id');
    return header.get('Nats-Msg-Id') === id && header.get('ce-source') === sourceOf(journalId) ? id : '';
  } catch {
    return '';
  }
}

function isCode(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}
