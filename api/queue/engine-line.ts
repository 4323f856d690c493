/** The waiting line inside the engine: the line actor of the room, journaled like any other. */
import type { OnsaleEngine } from '../protocols.ts';
import type { WaitingLine } from './waiting-line.ts';

/**
 * Starts the room's line, or finds it as it was left. `freshEpoch` is used only by a line that has none yet.
 * Rejects when the engine refuses, which it does only when it is stopping.
 */
export async function openEngineLine(engine: OnsaleEngine, room: string, freshEpoch: string): Promise<WaitingLine> {
  const started = await engine.ask<'line'>(
    `line:${room}`,
    { type: 'StartLine', epoch: freshEpoch },
    { internal: true },
  );
  if (started.type === 'rejected' || started.reply.type !== 'started') {
    throw new Error(
      `the line of room ${room} did not start: ${started.type === 'rejected' ? started.code : 'no epoch'}`,
    );
  }
  return engineLine(engine, room, started.reply.epoch);
}

function engineLine(engine: OnsaleEngine, room: string, epoch: string): WaitingLine {
  const address = `line:${room}` as const;

  /** A driver's own command; the line accepts these whatever its state. */
  async function command(command: { type: 'SettleLine'; through: number } | { type: 'LeaveLine'; place: number }) {
    const outcome = await engine.ask<'line'>(address, command, { internal: true });
    if (outcome.type === 'rejected') throw new Error(`line of room ${room} refused ${command.type}: ${outcome.code}`);
  }

  return {
    epoch,
    kind: 'engine',

    async join(userId) {
      const outcome = await engine.ask<'line'>(address, { type: 'JoinLine', userId });
      if (outcome.type === 'accepted') {
        if (outcome.reply.type !== 'joined') throw new Error(`line of room ${room} answered a join with no place`);
        return { type: 'joined', place: outcome.reply.place, existing: outcome.reply.existing };
      }
      if (outcome.code === 'overloaded' || outcome.code === 'draining') return { type: 'refused', code: outcome.code };
      throw new Error(`line of room ${room} refused a join: ${outcome.code}`);
    },

    // The view may run ahead of the disk by a batch; whoever is admitted from it is journaled behind the join.
    async take(after, count) {
      const people = engine.view<'line', 'next'>(address, { type: 'next', after, count });
      const last = people.at(-1);
      if (last !== undefined && people.length === count) return { people, through: last.place };
      const { lastPlace } = engine.view<'line', 'counts'>(address, { type: 'counts' });
      return { people, through: Math.max(after, lastPlace) };
    },

    settle: (through) => command({ type: 'SettleLine', through }),
    leave: (place) => command({ type: 'LeaveLine', place }),

    async counts() {
      const { waiting, lastPlace } = engine.view<'line', 'counts'>(address, { type: 'counts' });
      return { waiting, lastPlace };
    },
  };
}
