/** Which lines a room has: the engine's own where there is no NATS, else the stream's, behind an engine line of before. */
import { randomBytes } from 'node:crypto';
import type { Log } from '../log.ts';
import type { OnsaleEngine } from '../protocols.ts';
import { openEngineLine } from '../queue/engine-line.ts';
import { fixedLines, type RoomLines } from '../queue/waiting-line.ts';
import type { Timers } from '../timers.ts';
import type { NatsLink } from './connection.ts';
import { StreamLines } from './line-room.ts';

export interface LineOpenerOptions {
  readonly engine: OnsaleEngine;
  /** Null where there is no NATS. */
  readonly link: NatsLink | null;
  readonly journalId: string;
  readonly timers: Timers;
  readonly log: Log;
}

const newEpoch = (): string => randomBytes(9).toString('base64url');

/** For `Rooms`. While NATS is away a room opens all the same; nobody can join it until its stream has been looked at. */
export function lineOpener({ engine, link, journalId, timers, log }: LineOpenerOptions) {
  return async (room: string, wake: () => void): Promise<RoomLines> => {
    if (link === null) return fixedLines([await openEngineLine(engine, room, newEpoch())]);
    const { epoch } = engine.view<'line', 'counts'>(`line:${room}`, { type: 'counts' });
    const engineLine = epoch === null ? null : await openEngineLine(engine, room, epoch);
    const lines = new StreamLines({ engine, link, journalId, room, engineLine, newEpoch, wake, timers, log });
    await lines.opened;
    return lines;
  };
}
