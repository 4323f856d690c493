/** Answers to what never became a request: it is refused by the parser of HTTP, or takes too long to arrive. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Unreadable } from './door.ts';

/** Node's codes of what is not simply wrong. */
const reasons: Readonly<Record<string, Unreadable>> = {
  HPE_HEADER_OVERFLOW: 'headers',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'headers',
  ERR_HTTP_REQUEST_TIMEOUT: 'time',
};

export function reasonOf(error: NodeJS.ErrnoException): Unreadable {
  return reasons[error.code ?? ''] ?? 'syntax';
}

/**
 * Writes `response` and closes. Only for a socket on which no answer is owed: after one, these bytes would be taken
 * for the answer to a command that may have been carried out.
 */
export async function refuse(socket: Socket, response: Response): Promise<void> {
  const body = await response.text();
  const lines = [`HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? ''}`];
  for (const [name, value] of response.headers) lines.push(`${name}: ${value}`);
  lines.push('connection: close', `content-length: ${Buffer.byteLength(body)}`);
  if (!socket.writable) return void socket.destroy();
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroySoon());
}
