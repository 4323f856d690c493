/** HTTP as nobody's library would write it: bytes into a socket, and whatever comes back out of it. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { keepsPromises } from '../http/stage.ts';

/** Longer than anything should take; a socket that is still open then hangs. */
const hangsAfterMs = 8_000;

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface Exchange {
  readonly answers: readonly RawAnswer[];
  /** What came after the last whole answer. */
  readonly rest: string;
}

/** Opens a connection; whoever opens it destroys it. */
export async function opened(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  // Broken connections are what these tests are about.
  socket.on('error', () => undefined);
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once('connect', resolve).once('close', resolve);
  await promise;
  return socket;
}

/** Sends `text` (each character one byte) and reads until the server closes, or has given `answersMax` answers. */
export async function exchange(port: number, text: string, answersMax = 1): Promise<Exchange> {
  const socket = await opened(port);
  const { promise, resolve, reject } = Promise.withResolvers<Exchange>();
  const hanging = setTimeout(() => reject(new Error(`no answer and no end: ${text.slice(0, 200)}`)), hangsAfterMs);
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
    const parsed = answersIn(received);
    if (parsed.answers.length >= answersMax) resolve(parsed);
  });
  socket.on('close', () => resolve(answersIn(received)));
  socket.write(Buffer.from(text, 'latin1'));
  try {
    return await promise;
  } finally {
    clearTimeout(hanging);
    socket.destroy();
  }
}

/** The bytes of a request; a body gets its length. */
export function request(line: string, headers: readonly string[] = [], body = ''): string {
  const length = body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${body.length}`];
  return `${line} HTTP/1.1\r\nHost: onsale.test\r\n${[...headers, ...length].map((header) => `${header}\r\n`).join('')}\r\n${body}`;
}

/** Whole answers, one after the other. `100 Continue` is none. */
export function answersIn(received: string): Exchange {
  const answers: RawAnswer[] = [];
  let rest = received;
  for (;;) {
    const headEnd = rest.indexOf('\r\n\r\n');
    if (headEnd < 0) return { answers, rest };
    const [line = '', ...lines] = rest.slice(0, headEnd).split('\r\n');
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1];
    if (status === undefined) return { answers, rest };
    const headers = new Headers(lines.map((text): [string, string] => [nameIn(text), text.replace(/^[^:]*: ?/, '')]));
    const length = Number(headers.get('content-length') ?? 0);
    assert.ok(Number.isSafeInteger(length));
    const bodyStart = headEnd + 4;
    if (rest.length < bodyStart + length) return { answers, rest };
    if (status !== '100')
      answers.push({ status: Number(status), headers, text: rest.slice(bodyStart, bodyStart + length) });
    rest = rest.slice(bodyStart + length);
  }
}

function nameIn(line: string): string {
  return line.slice(0, line.indexOf(':'));
}

/** The code of a problem; empty for an answer that is none. Every answer keeps what all of them promise. */
export function codeOf({ status, headers, text }: RawAnswer): string {
  // Answers are JSON objects; of what is none the code is empty.
  const body: Record<string, unknown> = text.startsWith('{') ? JSON.parse(text) : {};
  keepsPromises({ status, headers, body });
  assert.notEqual(status, 500, text);
  assert.doesNotMatch(text, /node:|\.ts:\d|\/api\/|at \w+ \(/, 'something of the inside');
  if (status >= 400) assert.equal(headers.get('content-type'), 'application/problem+json');
  return status < 400 ? '' : String(body['code']);
}

/** The one answer to it, as status and code; `closed` where there is none. */
export async function outcomeOf(port: number, text: string): Promise<string> {
  const { answers, rest } = await exchange(port, text);
  assert.equal(rest, '');
  const [answer] = answers;
  if (answer === undefined) return 'closed';
  return `${answer.status} ${codeOf(answer)}`.trim();
}
