/** The stream of the event feed over a simulated connection: expectations and ids as JetStream checks them. */
import { formatEventId, parseEventId } from '../../api/nats/feed/event-id.ts';
import type { EventStream } from '../../api/nats/feed/event-stream.ts';
import { eventStreamName } from '../../api/nats/feed/event-stream.ts';
import type { PublicEvent } from '../../api/nats/feed/public-events.ts';
import type { FeedJournal } from '../../storage/feed-journal.ts';
import type { SimulatedDisk } from './simulated-disk.ts';
import type { SimulatedLink } from './simulated-nats.ts';

export function simulatedFeedStream(link: SimulatedLink, journalId: string): EventStream {
  const idOf = ({ batch, index }: PublicEvent): string => formatEventId({ journalId, batch, index });
  return {
    async open() {
      if (link.state !== 'connected') {
        await link.nats.world.sleep(500, link.life);
        // Throws while it is still away.
        link.live();
      }
      return link.use(() =>
        link.request(() => {
          const stream =
            link.nats.streams.get(eventStreamName) ?? link.nats.addStream(eventStreamName, journalId, false);
          const lastId = stream.lastId();
          return { lastSequence: stream.lastSeq, lastEvent: lastId === null ? null : parseEventId(lastId) };
        }),
      );
    },

    async publish(event, body, after) {
      await link.use(() =>
        link.request(() => {
          const stream = link.nats.streams.get(eventStreamName);
          if (stream === undefined) throw new Error('no stream takes the message');
          // The server looks for a known id first, then whether the expectation holds.
          const id = idOf(event);
          if (stream.hasId(id)) return;
          if (typeof after === 'number' && stream.lastSeq !== after) throw new Error('wrong last sequence');
          if (typeof after !== 'number' && stream.lastId() !== idOf(after)) throw new Error('wrong last msg ID');
          const subject = `onsale.v1.events.${event.kind}.${event.id}.${event.name}`;
          stream.store(subject, new TextEncoder().encode(body), id);
        }),
      );
    },
  };
}

/** The journal as the relay reads it. */
export function simulatedFeedJournal(disk: SimulatedDisk): FeedJournal {
  return {
    id: disk.journalId,
    file: 'the simulated journal',
    position: disk.feedPosition,
    end: () => disk.end,
    batches: (from, through) => disk.batches(from, through),
    remember(position) {
      disk.feedPosition = position;
    },
    close: () => undefined,
  };
}
