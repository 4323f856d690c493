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

function bindingsOf(c: Context): Partial<HttpBindings> {
  // True: the server of this program is the adapter's, and without a server there are no bindings.
  return (c.env ?? {}) as Partial<HttpBindings>;
}
