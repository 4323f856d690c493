/** The stream behind one room's line: its name, its subjects, its settings, whose it is, and what a join looks like. */
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
import { Empty, nanos, type NatsConnection } from '@nats-io/transport-node';
import { isId } from '../answers/schemas/ids.ts';
import { jetStreamTimeoutMs, type NatsLink } from './connection.ts';

/** The smallest that nats-server takes, ms. Joins carry no message id, so nothing is ever looked up in it. */
const duplicateWindowMs = 100;
/** A join is empty; this leaves room for headers of tracing, bytes. */
const messageBytesMax = 8_192;
const maximumMessagesPerSubject = 10_077;
const noMessageFound = 10_037;
const sequenceNotFound = 10_043;
const deletionFailed = 10_057;

export interface LineStream {
  readonly name: string;
  /** All of the room's users. */
  readonly subjects: string;
  subjectOf(userId: string): string;
  /** Of the message that keeps the stream from being empty, made when `lastPlace` was the last one. */
  anchorSubject(lastPlace: number): string;
}

/** No user can have such a name. */
const anchorName = '$anchor-';

export function lineStreamOf(room: string): LineStream {
  const prefix = `onsale.v1.line.${room}.`;
  return {
    name: `ONSALE_LINE_${room}`,
    subjects: `${prefix}*`,
    subjectOf: (userId) => prefix + userId,
    anchorSubject: (lastPlace) => `${prefix}${anchorName}${lastPlace}`,
  };
}

/**
 * A user has one place because the server takes one message a subject and refuses the next. Nothing else limits the stream:
 * a limit that drops or refuses would cost somebody the place.
 */
export function lineStreamConfig(stream: LineStream, owner: LineOwner) {
  return {
    name: stream.name,
    description: describeLine(owner),
    subjects: [stream.subjects],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    max_msgs_per_subject: 1,
    discard: DiscardPolicy.New,
    discard_new_per_subject: true,
    duplicate_window: nanos(duplicateWindowMs),
    max_msg_size: messageBytesMax,
    allow_direct: true,
  } satisfies Partial<StreamConfig>;
}

export interface LineOwner {
  readonly journalId: string;
  readonly epoch: string;
}

const description = /^Onsale waiting line of journal ([A-Za-z0-9_-]+), epoch ([A-Za-z0-9_-]+)$/;

/** What the stream's description says: operators read it, and engines compare it. */
export function describeLine({ journalId, epoch }: LineOwner): string {
  return `Onsale waiting line of journal ${journalId}, epoch ${epoch}`;
}

/** In the log, when a stream of this name belongs to somebody else. */
export const foreignStreamText =
  'nobody can join: the stream of the waiting line is not of this journal. Use another NATS server or account, or delete ' +
  'the stream if nobody needs it';

/** Null for a stream that no engine made. */
export function ownerOf(info: StreamInfo): LineOwner | null {
  const [, journalId, epoch] = description.exec(info.config.description ?? '') ?? [];
  return journalId === undefined || epoch === undefined ? null : { journalId, epoch };
}

/** Null when there is no such stream; rejects when the server cannot tell. */
export async function findStream(jsm: JetStreamManager, { name }: LineStream): Promise<StreamInfo | null> {
  try {
    return await jsm.streams.info(name);
  } catch (error) {
    if (isApiError(error, JetStreamApiCodes.StreamNotFound)) return null;
    throw error;
  }
}

/** An ack or a refusal of JetStream, as it answers to a publish. */
interface PublishAnswer {
  readonly stream?: string;
  readonly seq?: number;
  readonly error?: { readonly err_code: number; readonly description: string };
}

/** Publishes an empty message and returns its place; null when one stands on this subject already. */
export async function drawPlace(nc: NatsConnection, stream: LineStream, subject: string): Promise<number | null> {
  // Not the client's `publish`: that one stores empty headers with every join.
  const message = await nc.request(subject, Empty, { timeout: jetStreamTimeoutMs });
  const answer = message.json<PublishAnswer>();
  if (answer.error !== undefined) {
    if (isAlreadyInLine(answer.error)) return null;
    throw new Error(`JetStream refused a join: ${answer.error.description}`);
  }
  if (answer.stream !== stream.name || answer.seq === undefined) throw new Error('a join was answered by a stranger');
  return answer.seq;
}

/** Idempotent. */
export async function deletePlace(jsm: JetStreamManager, { name }: LineStream, place: number): Promise<void> {
  try {
    await jsm.streams.deleteMessage(name, place, false);
  } catch (error) {
    if (!isMessageGone(error)) throw error;
  }
}

/** The user whose join this message is; null for one that is no join: a name that is no user's, or a body. */
export function userOf(subject: string, body: Uint8Array): string | null {
  const userId = subject.slice(subject.lastIndexOf('.') + 1);
  return isId(userId) && isJoinBody(body) ? userId : null;
}

export function isAnchor(subject: string): boolean {
  return subject.startsWith(anchorName, subject.lastIndexOf('.') + 1);
}

/** Empty, or `{}`. */
export function isJoinBody(body: Uint8Array): boolean {
  return body.length === 0 || (body.length === 2 && body[0] === 0x7b && body[1] === 0x7d);
}

function isApiError(error: unknown, code: number): error is JetStreamApiError {
  return error instanceof JetStreamApiError && error.code === code;
}

/**
 * The error of deleting a message that is not there any more. Below the stream's first sequence, where a settled line
 * leaves everyone inside, the server says so with the code of any failed deletion, so there its text decides.
 */
function isMessageGone(error: unknown): boolean {
  if (isApiError(error, noMessageFound) || isApiError(error, sequenceNotFound)) return true;
  return isApiError(error, deletionFailed) && error.message.includes('no message found');
}

/** The error of a second join. Its code has other causes too, a full disk among them, so its text decides. */
function isAlreadyInLine(error: { readonly err_code: number; readonly description: string }): boolean {
  return (
    error.err_code === maximumMessagesPerSubject && error.description.includes('maximum messages per subject exceeded')
  );
}

/**
 * The messages that stand on places of these ranges, written as first, last, first, last … in order. One request for each, and
 * one at most for what stands between two ranges; nothing is asked of ranges that end before the next message.
 */
export async function* standingIn(
  link: Pick<NatsLink, 'use'>,
  { name, subjects }: LineStream,
  ranges: readonly number[],
): AsyncGenerator<StoredMsg, void, void> {
  let from = 0;
  for (let at = 0; at + 1 < ranges.length; at += 2) {
    const [first = 0, last = 0] = [ranges[at], ranges[at + 1]];
    from = Math.max(from, first);
    while (from <= last) {
      const next = { seq: from, next_by_subj: subjects };
      const found = await link.use(({ jsm }) => jsm.streams.getMessage(name, next));
      if (found === null) return;
      if (found.seq <= last) yield found;
      // Beyond the range, it is what the next ones are asked from.
      from = found.seq <= last ? found.seq + 1 : found.seq;
    }
  }
}
