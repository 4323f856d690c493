/**
 * Answers go to the kernel once a round of the event loop, after everything that had come in it was looked at. A write to
 * a reader who sleeps wakes it, which costs several times a write to one who is still busy with the answer before; so
 * written one by one, answers cost the more the quicker the reader is.
 */
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { limits } from '../limits.ts';
import { UnreadAnswers } from './unread-answers.ts';

const unread = new UnreadAnswers(limits.unreadAnswersBytesMax);
let gathered: { send(): void }[] = [];
/** By connection; null, not the last answer, while it is idle: what that holds on to would live as long. */
const answering = new WeakMap<Socket, GatheredResponse | null>();

/** The answer to the oldest request of this connection that is not answered yet; null where all are out. */
export function answerUnderWay(socket: Socket): GatheredResponse | null {
  return answering.get(socket) ?? null;
}

/** For `createServer`. What is written before `end` goes out at once. */
export class GatheredResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  #given: unknown[] | null = null;

  /** Whether it is being sent piece by piece and may never end. */
  get isStream(): boolean {
    return this.headersSent && this.#given === null;
  }

  /** Node calls it when those before it are out. */
  override assignSocket(socket: Socket): void {
    super.assignSocket(socket);
    answering.set(socket, this);
  }

  /** Node calls it when it is out, and then may assign the next one. */
  override detachSocket(socket: Socket): void {
    super.detachSocket(socket);
    answering.set(socket, null);
  }

  /** Only what is given first counts. Node would tell of anything later as an error; here it is ignored. */
  override end(...given: unknown[]): this {
    if (this.#given !== null) return this;
    this.#given = given;
    if (gathered.length === 0) setImmediate(sendGathered);
    gathered.push(this);
    // Nobody reads so many in a round but clients that pipeline; Node stops reading from those by what it has sent.
    if (gathered.length >= limits.gatheredAnswersMax) sendGathered();
    return this;
  }

  send(): void {
    // Where the client wants no more of the connection, Node closes it once this is out. What still comes of the request
    // would then be answered with a reset, and that takes the answer with it.
    if (this.shouldKeepAlive || this.req.complete) this.#sendNow();
    else afterRest(this.req, () => this.#sendNow());
  }

  #sendNow(): void {
    // Whoever asked may have gone in the same round. The arguments are those of one of `end`'s own signatures.
    if (this.destroyed) return;
    super.end(...((this.#given ?? []) as []));
    unread.given(this.#given?.[0], this);
  }
}

/** Reads the rest of a request and throws it away, up to a bound, and calls back once. */
function afterRest(request: IncomingMessage, done: () => void): void {
  let bytes = 0;
  const onData = (chunk: Uint8Array): void => {
    bytes += chunk.byteLength;
    if (bytes > limits.discardedBytesMax) onOver();
  };
  const onOver = (): void => {
    request.off('data', onData).off('end', onOver).off('close', onOver);
    done();
  };
  if (request.destroyed) return done();
  request.on('data', onData).once('end', onOver).once('close', onOver);
}

function sendGathered(): void {
  const ready = gathered;
  gathered = [];
  for (const response of ready) response.send();
}
