/**
 * Ends a private server that runs but does not serve: after its disk was full for a moment, a nats-server (seen with
 * 2.9.10) accepts connections and answers no request to JetStream ever again. Whoever keeps it running starts it anew.
 */
import { JetStreamApiError } from '@nats-io/jetstream';
import type { Log } from '../log.ts';
import type { NatsLink } from './connection.ts';

export interface ServerWatchOptions {
  readonly link: Pick<NatsLink, 'use'>;
  readonly server: { readonly listens: boolean; end(): void };
  readonly log: Log;
  /** How often it is asked, ms. */
  readonly everyMs?: number;
  /** How long it may listen without an answer, ms: several times what one request may take. */
  readonly silentMaxMs?: number;
  readonly nowMs?: () => number;
}

/** Returns how to stop watching. */
export function watchServer(options: ServerWatchOptions): () => void {
  const { link, server, log, everyMs = 5_000, silentMaxMs = 30_000, nowMs = () => performance.now() } = options;
  let silentMs = 0;
  let lookedMs = nowMs();
  let asking = false;

  async function ask(): Promise<void> {
    asking = true;
    try {
      await link.use(({ jsm }) => jsm.getAccountInfo());
      silentMs = 0;
    } catch (error) {
      // A refusal is an answer.
      if (error instanceof JetStreamApiError) silentMs = 0;
    } finally {
      asking = false;
    }
  }

  const timer = setInterval(() => {
    // A process that stood still, as on a machine that was suspended, has not listened meanwhile.
    const sinceMs = nowMs() - lookedMs;
    lookedMs += sinceMs;
    silentMs += Math.min(sinceMs, 2 * everyMs);
    // One that reads its store, or is being started again, has its own limit.
    if (!server.listens) silentMs = 0;
    if (silentMs > silentMaxMs) {
      log.error({ silentMs: Math.round(silentMs) }, 'the private nats-server does not answer; it is started again');
      silentMs = 0;
      server.end();
    } else if (!asking) void ask();
  }, everyMs).unref();
  return () => clearInterval(timer);
}
