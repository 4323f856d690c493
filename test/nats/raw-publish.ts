/** Publishes what the client library would refuse to send, in the protocol's own words: other clients do send it. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { NatsUnderTest } from './nats-under-test.ts';

/** Resolves when the server has taken the message. `headerLines` as they are, without their ends. */
export async function rawPublish(
  nats: NatsUnderTest,
  subject: string,
  headerLines: readonly string[],
  body: string,
  reply = '',
): Promise<void> {
  const { hostname, port } = new URL(nats.url);
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, 'data');
    const head = `NATS/1.0\r\n${headerLines.map((line) => `${line}\r\n`).join('')}\r\n`;
    const [headBytes, bytes] = [Buffer.byteLength(head), Buffer.byteLength(head + body)];
    const to = reply === '' ? subject : `${subject} ${reply}`;
    socket.write('CONNECT {"verbose":false,"headers":true}\r\n');
    socket.write(`HPUB ${to} ${headBytes} ${bytes}\r\n${head}${body}\r\nPING\r\n`);
    for (let answered = ''; !answered.includes('PONG');) answered += String((await once(socket, 'data'))[0]);
  } finally {
    socket.destroy();
  }
}
