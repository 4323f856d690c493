/** The work queue of durable commands on the server: made where it is missing, refused where it is not ours. */
import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  ReplayPolicy,
  RetentionPolicy,
  StorageType,
  type JetStreamManager,
  type StreamInfo,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { limits } from '../../limits.ts';

export const commandsStream = 'ONSALE_COMMANDS';
export const commandsConsumer = 'onsale-engine';

/** How long the server waits for an ack before it delivers again, ms. Longer than any commit that still succeeds. */
const ackWaitMs = 30_000;
export const commandsSubjects = ['hold', 'cancel', 'pay', 'charge'].map((verb) => `onsale.v1.do.${verb}.*`);

/** The stream holds the commands of another journal: carrying them out here would be wrong. An operator decides. */
export class ForeignCommands extends Error {
  override readonly name = 'ForeignCommands';
}

function descriptionOf(journalId: string): string {
  return `Durable commands of the Onsale journal ${journalId}`;
}

/**
 * The stream of this journal, made if there is none.
 *
 * @throws ForeignCommands when it belongs to another journal, or is no work queue
 */
export async function openCommandsStream(jsm: JetStreamManager, journalId: string): Promise<StreamInfo> {
  const found = await jsm.streams.info(commandsStream).catch((error: unknown) => {
    if (isNot(error, JetStreamApiCodes.StreamNotFound)) return null;
    throw error;
  });
  const stream = found ?? (await makeStream(jsm, journalId));
  const { description, retention } = stream.config;
  if (description !== descriptionOf(journalId) || retention !== RetentionPolicy.Workqueue) {
    throw new ForeignCommands(
      `The stream ${commandsStream} is not that of this data directory (journal ${journalId}): it says ` +
        `"${description ?? ''}". Use another NATS server or account, or delete the stream and its commands.`,
    );
  }
  return stream;
}

function isNot(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}

function makeStream(jsm: JetStreamManager, journalId: string): Promise<StreamInfo> {
  return jsm.streams.add({
    name: commandsStream,
    description: descriptionOf(journalId),
    subjects: commandsSubjects,
    retention: RetentionPolicy.Workqueue,
    storage: StorageType.File,
    // A full queue tells the next publisher, and loses nobody's command.
    discard: DiscardPolicy.New,
    max_msgs: limits.durableCommandsMax,
  });
}

/**
 * Makes the consumer anew, so that whatever is not acked comes at once and in the order of the stream. The one before
 * would give what it had delivered only after `ackWaitMs`, behind younger commands; acks for it still count.
 */
export async function renewConsumer(jsm: JetStreamManager): Promise<void> {
  await jsm.consumers.delete(commandsStream, commandsConsumer).catch((error: unknown) => {
    if (!isNot(error, JetStreamApiCodes.ConsumerNotFound)) throw error;
  });
  await jsm.consumers.add(commandsStream, {
    durable_name: commandsConsumer,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ackWaitMs),
    deliver_policy: DeliverPolicy.All,
    replay_policy: ReplayPolicy.Instant,
    max_ack_pending: limits.durableInFlightMax,
    max_deliver: -1,
  });
}
