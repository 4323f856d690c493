/**
 * The end of the program, in the reverse order of its start: the door takes nothing new, rooms and commands over NATS finish,
 * the engine makes durable what it has begun, the feed publishes it, then NATS goes while final snapshots are taken.
 */
import type { Engine } from '../engine/engine.ts';
import type { Storage } from '../storage/open.ts';
import type { ReadModelReader } from '../storage/read-model/reader.ts';
import type { HttpServer } from './http/http-server.ts';
import type { Log } from './log.ts';
import { limits } from './limits.ts';
import type { CommandDoor } from './nats/commands/command-door.ts';
import type { Feed } from './nats/feed/feed.ts';
import type { Nats } from './nats/open-nats.ts';
import type { Protocols } from './protocols.ts';
import type { Rooms } from './queue/rooms.ts';

export interface StoppedParts {
  /** Null when it could not be opened. */
  readonly server: HttpServer | null;
  readonly rooms: Rooms;
  /** Null without NATS. */
  readonly commands: CommandDoor | null;
  readonly feed: Feed | null;
  readonly engine: Engine<Protocols>;
  readonly nats: Nats;
  readonly readModel: ReadModelReader;
  readonly storage: Storage;
  readonly log: Log;
}

/** Together within `limits.drainMs`: each part gets its share of it, or what is left, so that a slow reader costs no snapshots. */
export async function stopParts(parts: StoppedParts): Promise<void> {
  const { server, rooms, commands, feed, engine, nats, readModel, storage, log } = parts;
  const deadlineMs = performance.now() + limits.drainMs;
  const share = (ofAll: number): number =>
    Math.max(0, Math.min(limits.drainMs * ofAll, deadlineMs - performance.now()));
  // A server that is there and answers nothing would keep all of these for longer than they have: without it they end, and
  // whoever waits for it over HTTP is answered before the connections are cut off. The feed has a connection of its own.
  const patience = setTimeout(() => void nats.link?.close(), share(1 / 4));
  await Promise.all([server?.close(share(1 / 3)), rooms.stop(), commands?.close()]);
  clearTimeout(patience);
  await engine.drain();
  await feed?.close(share(1 / 4));
  readModel.close();
  const [caughtUp] = await Promise.all([storage.close(share(1 / 2)), nats.stop()]);
  if (!caughtUp) log.warn('final snapshots were not finished in time; the next start replays a longer tail');
}
