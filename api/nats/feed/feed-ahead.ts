/** A stream of events that knows more than the journal: confirmed batches are missing, and nothing may go on from here. */
import type { LiveNats } from '../connection.ts';
import { formatEventId, type EventId } from './event-id.ts';
import { eventStreamName, lastEventIn } from './event-stream.ts';

/** The journal as far as this is concerned. */
interface ComparedJournal {
  readonly id: string;
  /** Where damage is reported to be. */
  readonly file: string;
  /** Number of the last durable batch. */
  end(): number;
}

class FeedAhead extends Error {
  /** As any other damage to an operator, who is told in one sentence. */
  override readonly name = 'StorageDamaged';

  constructor(eventId: string, file: string, end: number) {
    super(
      `${file}: the last event of the stream ${eventStreamName} is ${eventId}, but the journal ends at batch ${end}: ` +
        'confirmed batches are missing. Put the journal (journal.db and journal.db-wal) back that belongs to this ' +
        'directory, or restore a whole backup and delete the stream',
    );
  }
}

/** @throws an error named StorageDamaged when the stream's last event is of a batch that the journal does not have */
export function assertNotAhead(lastEvent: EventId | null, journal: ComparedJournal): void {
  const end = journal.end();
  if (lastEvent !== null && lastEvent.batch > end) throw new FeedAhead(formatEventId(lastEvent), journal.file, end);
}

/**
 * The same for the stream of a server that is just reached, before anything is taken from its lines and queues for such a
 * journal. Where there is no stream of ours, or it cannot be looked at now, this says nothing: the relay looks again.
 *
 * @returns for `ConnectionOptions.beforeUse`
 */
export function stopWhereAhead(journal: ComparedJournal, onFatal: (error: unknown) => void) {
  return async ({ jsm }: LiveNats): Promise<void> => {
    const lastEvent = await lastEventIn(jsm, journal.id).catch(() => null);
    try {
      assertNotAhead(lastEvent, journal);
    } catch (error) {
      onFatal(error);
      throw error;
    }
  };
}
