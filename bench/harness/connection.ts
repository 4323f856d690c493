/** A kept connection with one request under way, made for sending many: no stream objects, no buffer for each read. */
import { connect, type Socket } from 'node:net';
import { AnswerReader, type Answer, type OnAnswer } from './answer-reader.ts';

// Answers are read to their end before the next socket is served, so that all connections can share it.
const readBuffer = Buffer.alloc(256 * 1024);

export interface ConnectionOptions {
  readonly port: number;
  readonly onAnswer: OnAnswer;
  /** Once, when it is closed by the other side or broken; not after `close`. */
  readonly onBroken: (error: Error) => void;
  readonly keepsBodies?: boolean;
}

export class Connection {
  readonly #socket: Socket;
  readonly #onBroken: (error: Error) => void;
  #isOver = false;

  private constructor({ port, onAnswer, onBroken, keepsBodies = false }: ConnectionOptions) {
    const reader = new AnswerReader(onAnswer, keepsBodies);
    this.#onBroken = onBroken;
    this.#socket = connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (length) => {
          try {
            reader.read(readBuffer.subarray(0, length));
          } catch (error) {
            this.#break(error instanceof Error ? error : new Error(String(error)));
          }
          return true;
        },
      },
    });
    this.#socket.on('error', (error) => this.#break(error));
    this.#socket.on('close', () => this.#break(new Error('closed by the server')));
  }

  static async open(options: ConnectionOptions): Promise<Connection> {
    const connection = new Connection(options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    connection.#socket.once('connect', resolve);
    connection.#socket.once('error', reject);
    await promise;
    connection.#socket.off('error', reject);
    return connection;
  }

  send(request: Uint8Array | string): void {
    this.#socket.write(request);
  }

  close(): void {
    this.#isOver = true;
    this.#socket.destroy();
  }

  #break(error: Error): void {
    if (this.#isOver) return;
    this.close();
    this.#onBroken(error);
  }
}

/** A client that asks one thing after the other, and reads what it is told. */
export class AskingConnection {
  readonly #connection: Connection;
  #waiting: { resolve(reply: AskedReply): void; reject(error: Error): void } | null = null;

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  static async open(port: number): Promise<AskingConnection> {
    let self: AskingConnection | null = null;
    const connection = await Connection.open({
      port,
      keepsBodies: true,
      onAnswer: (status, answer) => self?.take()?.resolve({ status, ...answer }),
      onBroken: (error) => self?.take()?.reject(error),
    });
    self = new AskingConnection(connection);
    return self;
  }

  async ask(request: Uint8Array | string): Promise<AskedReply> {
    return await new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#connection.send(request);
    });
  }

  close(): void {
    this.#connection.close();
  }

  take(): { resolve(reply: AskedReply): void; reject(error: Error): void } | null {
    const waiting = this.#waiting;
    this.#waiting = null;
    return waiting;
  }
}

export interface AskedReply extends Answer {
  readonly status: number;
}
