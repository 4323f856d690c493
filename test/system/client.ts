/** HTTP as a ticket shop's front end speaks it: kept connections, JSON, and an answer or a broken connection. */
import { Agent, request, type IncomingHttpHeaders } from 'node:http';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Parsed where it is JSON. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Sent {
  readonly token?: string;
  readonly key?: string;
  readonly bearer?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export class Client {
  readonly #agent: Agent;
  readonly #port: number;

  constructor(port: number, connectionsMax = 100) {
    this.#port = port;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connectionsMax, scheduling: 'fifo' });
  }

  /** Resolves with any answer; rejects when the connection breaks before there is one. */
  async send(method: Method, path: string, sent: Sent = {}): Promise<Reply> {
    const text = sent.body === undefined ? null : JSON.stringify(sent.body);
    const headers: Record<string, string | number> = { ...sent.headers };
    if (text !== null) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = Buffer.byteLength(text);
    }
    if (sent.token !== undefined) headers['queue-token'] = sent.token;
    if (sent.key !== undefined) headers['idempotency-key'] = sent.key;
    if (sent.bearer !== undefined) headers['authorization'] = `Bearer ${sent.bearer}`;
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const outgoing = request({ host: '127.0.0.1', port: this.#port, method, path, headers, agent: this.#agent });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      let received = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (received += chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: objectOf(received) });
      });
    });
    outgoing.end(text ?? undefined);
    return await promise;
  }

  close(): void {
    this.#agent.destroy();
  }
}

const brokenCodes: ReadonlySet<unknown> = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE']);

/** Whether `send` rejected because the program ended, or was not there. Anything else that is thrown is a fault. */
export function isBrokenConnection(error: unknown): boolean {
  return error instanceof Error && 'code' in error && brokenCodes.has(error.code);
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    // An object read from JSON has string keys and nothing else is said of its values.
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
