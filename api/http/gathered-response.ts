/**
 * Answers go to the kernel once a round of the event loop, after everything that had come in it was looked at. A write to
 * a reader who sleeps wakes it, which costs several times a write to one who is still busy with the answer before; so
 * written one by one, answers cost the more the quicker the reader is.
 */
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { limits } from '../limits.ts';

let gathered: { send(): void }[] = [];
/**
 * Connections on which an answer is under way. The answer itself is not kept: whatever it holds on to would live for as
 * long as its connection is idle.
 */
const answering = new WeakMap<Socket, boolean>();

/** Whether an answer to a request of this connection is not out yet. */
export function owesAnswer(socket: Socket): boolean {
  return answering.get(socket) === true;
}

/** For `createServer`. What is written before `end` goes out at once. */
export class GatheredResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  #given: unknown[] | null = null;

  /** Node calls it when those before it are out. */
  override assignSocket(socket: Socket): void {
    super.assignSocket(socket);
    answering.set(socket, true);
  }

  /** Node calls it when it is out, and then may assign the next one. */
  override detachSocket(socket: Socket): void {
    super.detachSocket(socket);
    answering.set(socket, false);
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
    // Whoever asked may have gone in the same round. The arguments are those of one of `end`'s own signatures.
    if (!this.destroyed) super.end(...((this.#given ?? []) as []));
  }
}

function sendGathered(): void {
  const ready = gathered;
  gathered = [];
  for (const response of ready) response.send();
}
