/** What speaks NATS beside the lines: commands of services, and the feed. */
import type { Log } from '../log.ts';
import { type CommandDoor, type CommandDoorOptions, startCommandDoor } from './commands/command-door.ts';
import type { NatsLink } from './connection.ts';
import { type Feed, startFeed } from './feed/feed.ts';

interface ServicesOptions extends Omit<CommandDoorOptions, 'link'> {
  /** Null where there is no NATS: then there is neither. */
  readonly link: NatsLink | null;
  readonly dataDir: string;
  /** storage/feed-journal.ts, as the composition root names it. */
  readonly journalModule: URL;
  readonly log: Log;
  /** See `FeedOptions`. */
  readonly onFatal: (error: unknown) => void;
}

export interface Services {
  readonly commands: CommandDoor | null;
  readonly feed: Feed | null;
}

/** @throws as `startFeed` does */
export async function startServices({ link, ...options }: ServicesOptions): Promise<Services> {
  if (link === null) return { commands: null, feed: null };
  const { engine } = options;
  const commands = startCommandDoor({ ...options, link });
  const feed = await startFeed({
    ...options,
    link,
    durableThrough: engine.durableBatch,
    nowMs: () => engine.nowMs(),
  });
  return { commands, feed };
}
