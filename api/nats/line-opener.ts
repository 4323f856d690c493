/** Which lines a room has: the engine's own where there is no NATS, else the stream's, behind an engine line of before. */
import { randomBytes } from 'node:crypto';
import type { Log } from '../log.ts';
import type { OnsaleEngine } from '../protocols.ts';
import { openEngineLine } from '../queue/engine-line.ts';
import { fixedLines, type RoomLines } from '../queue/waiting-line.ts';
import type { Timers } from '../timers.ts';
import type { NatsLink } from './connection.ts';
import { JournaledLines } from './journaled-lines.ts';
import { StreamLines } from './line-room.ts';

export interface LineOpenerOptions {
  readonly engine: OnsaleEngine;
  /** Null where there is no NATS. */
  readonly link: NatsLink | null;
  /** Whether there is none because the operator wants none. */
  readonly chosen: boolean;
  readonly journalId: string;
  readonly timers: Timers;
  readonly log: Log;
}

/** In the log, where an operator has turned NATS off. */
const awayText =
  'this room has a waiting line in NATS: whoever waits there is not let in while NATS is off, and new people begin a line of their own';

/** People may wait in a stream, and nothing says that they are to be left there. */
class LineAway extends Error {
  override readonly name = 'LineAway';

  constructor(room: string) {
    super(
      `The waiting line of room ${room} is in NATS, and there is no nats-server to be had. Install one (npm run nats:install ` +
        'says what is missing) or set NATS_URL to yours; NATS_URL=off begins a new line, and leaves whoever waits where they are',
    );
  }
}

const newEpoch = (): string => randomBytes(9).toString('base64url');

/** For `Rooms`. While NATS is away a room opens all the same; nobody can join it until its stream has been looked at. */
export function lineOpener({ engine, link, chosen, journalId, timers, log }: LineOpenerOptions) {
  return async (room: string, wake: () => void): Promise<RoomLines> => {
    if (link === null) {
      const left = new JournaledLines(engine, room).all().some(({ lost }) => !lost);
      if (left && !chosen) throw new LineAway(room);
      if (left) log.warn({ room }, awayText);
      return fixedLines([await openEngineLine(engine, room, newEpoch())]);
    }
    const { epoch } = engine.view<'line', 'counts'>(`line:${room}`, { type: 'counts' });
    const engineLine = epoch === null ? null : await openEngineLine(engine, room, epoch);
    const lines = new StreamLines({ engine, link, journalId, room, engineLine, newEpoch, wake, timers, log });
    await lines.opened;
    return lines;
  };
}
