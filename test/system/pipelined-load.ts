/**
 * Far more requests than anyone can take: many raw sockets, each with several requests under way. Cheap enough for the
 * client that the server is what gives way.
 */
import { connect, type Socket } from 'node:net';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

export interface Load {
  /** Answers by status. */
  readonly answers: Map<number, number>;
  /** Time from sending to the whole answer of those answered 201, µs. */
  readonly acceptedUs: RecordableHistogram;
  /** 503s without a Retry-After header, or with another code than `overloaded`. */
  wrongRefusals: number;
  brokenConnections: number;
}

export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  /** Requests under way on each connection. */
  readonly depth: number;
  /** After a refusal, wait as long as its Retry-After says before the next request takes its place. */
  readonly polite?: boolean;
  /** The bytes of the next request. */
  readonly next: (connection: number) => Buffer;
  readonly until: Promise<unknown>;
  /** Sees every whole answer. */
  readonly onAnswer?: (answer: Buffer) => void;
}

const separator = Buffer.from('\r\n\r\n');

/** Offers requests on every connection until `until` settles, then waits for the answers under way. */
export async function offer(options: LoadOptions): Promise<Load> {
  const load: Load = { answers: new Map(), acceptedUs: createHistogram(), wrongRefusals: 0, brokenConnections: 0 };
  let over = false;
  void options.until.then(() => (over = true));
  await Promise.all(
    Array.from({ length: options.connections }, (_, index) => connection(options, index, load, () => over)),
  );
  return load;
}

async function connection(options: LoadOptions, index: number, load: Load, isOver: () => boolean): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const sentAtMs: number[] = [];
  let pending: Buffer = Buffer.alloc(0);
  const socket: Socket = connect(options.port, '127.0.0.1');
  socket.setNoDelay(true);

  function send(): void {
    sentAtMs.push(performance.now());
    socket.write(options.next(index));
  }
  let resting = 0;
  function again(answer: Buffer): void {
    const waitMs = options.polite === true ? retryAfterMs(answer) : 0;
    if (waitMs === 0) return send();
    resting += 1;
    setTimeout(() => {
      resting -= 1;
      if (!isOver()) send();
      else endWhenDone();
    }, waitMs);
  }
  function endWhenDone(): void {
    if (isOver() && resting === 0 && sentAtMs.length === 0) socket.end();
  }
  socket.on('connect', () => {
    for (let count = 0; count < options.depth; count++) send();
  });
  socket.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    for (let length = answerLength(pending); length !== null; length = answerLength(pending)) {
      const answer = pending.subarray(0, length);
      record(load, answer, performance.now() - (sentAtMs.shift() ?? 0));
      options.onAnswer?.(answer);
      pending = pending.subarray(length);
      if (!isOver()) again(answer);
    }
    endWhenDone();
  });
  socket.on('error', () => (load.brokenConnections += 1));
  socket.on('close', () => resolve());
  await promise;
}

/** Length of the first whole answer in `bytes`; null while it is not whole. Every answer here has a Content-Length. */
function answerLength(bytes: Buffer): number | null {
  const headEnd = bytes.indexOf(separator);
  if (headEnd === -1) return null;
  const head = bytes.toString('latin1', 0, headEnd);
  const bodyLength = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (bodyLength === undefined) throw new Error(`An answer without a length:\n${head}`);
  const length = headEnd + separator.length + Number(bodyLength);
  return bytes.length < length ? null : length;
}

function retryAfterMs(answer: Buffer): number {
  const status = answer.toString('latin1', 9, 12);
  if (status !== '503') return 0;
  return Number(/\r\nretry-after: (\d+)/i.exec(answer.toString('latin1'))?.[1] ?? 0) * 1000;
}

function record(load: Load, answer: Buffer, tookMs: number): void {
  // `HTTP/1.1 201`
  const status = Number(answer.toString('latin1', 9, 12));
  load.answers.set(status, (load.answers.get(status) ?? 0) + 1);
  if (status === 201) load.acceptedUs.record(Math.max(1, Math.round(tookMs * 1000)));
  if (status !== 503) return;
  const text = answer.toString('latin1');
  if (!/\r\nretry-after: \d+/i.test(text) || !text.includes('"overloaded"')) load.wrongRefusals += 1;
}
