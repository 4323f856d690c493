/** A TCP relay between the program and its nats-server that can keep the program's acks from arriving. */
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

export class StallingProxy {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #stallAt: string | null = null;
  #stalled = false;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.url = `nats://127.0.0.1:${port}`;
  }

  static async start(to: string): Promise<StallingProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    // A TCP server has an address with a port.
    const proxy = new StallingProxy(server, (server.address() as AddressInfo).port);
    server.on('connection', (client) => proxy.#relay(client, Number(new URL(to).port)));
    return proxy;
  }

  /** From the first bytes of the client that hold `text` on, nothing of the client gets through. */
  stallAt(text: string): void {
    this.#stallAt = text;
  }

  get stalled(): boolean {
    return this.#stalled;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #relay(client: Socket, port: number): void {
    const server = connect(port, '127.0.0.1');
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => this.#sockets.delete(socket));
    }
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
    server.on('data', (chunk) => client.write(chunk));
    client.on('data', (chunk) => {
      if (this.#stallAt !== null && chunk.includes(this.#stallAt)) this.#stalled = true;
      if (!this.#stalled) server.write(chunk);
    });
  }
}
