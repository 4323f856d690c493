/** What the adapter to Node's sockets binds to a request; a request that came over no socket has nothing of it. */
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';

/** The address at the other end of the socket; empty for a socket that is gone already, null for none at all. */
export function socketAddressOf(c: Context): string | null {
  const { incoming } = bindingsOf(c);
  return incoming === undefined ? null : (incoming.socket.remoteAddress ?? '');
}

/** Ends the connection at once, unsent bytes and all; null where there is no socket. */
export function cutOffOf(c: Context): (() => void) | null {
  const { outgoing } = bindingsOf(c);
  return outgoing === undefined ? null : () => void outgoing.destroy();
}

/**
 * The whole body, of the length that the request's head gave, if all of it has come and nobody has read of it. Most bodies
 * come in one packet with their head; to wait for those by the events of a stream costs more than to parse them.
 */
export function arrivedBody(c: Context, bytes: number): Uint8Array | null {
  const { incoming } = bindingsOf(c);
  if (incoming === undefined || incoming.readableDidRead || incoming.readableLength !== bytes) return null;
  const read: unknown = incoming.read();
  // So that the stream ends: its end may come after its last byte.
  incoming.resume();
  return read instanceof Uint8Array ? read : null;
}

function bindingsOf(c: Context): Partial<HttpBindings> {
  // True: the server of this program is the adapter's, and without a server there are no bindings.
  return (c.env ?? {}) as Partial<HttpBindings>;
}
