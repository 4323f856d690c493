/** HTTP with JSON over a unix socket and kept connections, for Restate's ingress and its admin API. */
import { Agent, request } from 'node:http';

export interface SocketReply {
  readonly status: number;
  readonly text: string;
}

export type Post = (path: string, body: unknown, headers?: Readonly<Record<string, string>>) => Promise<SocketReply>;

export function posts(socketPath: string): Post {
  const agent = new Agent({ keepAlive: true, scheduling: 'fifo' });
  return (path, body, headers) => {
    const text = JSON.stringify(body);
    const { promise, resolve, reject } = Promise.withResolvers<SocketReply>();
    const outgoing = request({
      socketPath,
      agent,
      method: 'POST',
      path,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
        accept: 'application/json',
        ...headers,
      },
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      let received = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (received += chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: received }));
    });
    outgoing.end(text);
    return promise;
  };
}
