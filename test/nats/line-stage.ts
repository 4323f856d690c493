/** A line on a real stream, without an engine: what the admission actor would know is a number here. */
import { connected, linkTo } from './link-stage.ts';
import type { NatsLink } from '../../api/nats/connection.ts';
import { JetStreamLine } from '../../api/nats/jetstream-line.ts';
import { findStream, lineStreamConfig, lineStreamOf, ownerOf } from '../../api/nats/line-stream.ts';
import { systemTimers } from '../../api/timers.ts';

export interface StagedLine {
  readonly line: JetStreamLine;
  readonly link: NatsLink;
  /** How often the line asked for the driver, and for a look at its stream. */
  readonly asked: { wakes: number; looks: number };
  readonly errors: unknown[];
  /** What the journal tells of the line. */
  readonly known: { takenThrough: number; leavers: number };
  readonly close: () => Promise<void>;
}

/** Opens a room's line as a process does that finds the stream or makes it. `peopleMax` bounds it. */
export async function stageLine(url: string, room: string, peopleMax = 2_000_000): Promise<StagedLine> {
  const link = linkTo(url);
  await connected(link);
  const stream = lineStreamOf(room);
  const owner = { journalId: 'journal', epoch: `epoch-of-${room}` };
  const info = await link.use(
    async ({ jsm }) => (await findStream(jsm, stream)) ?? (await jsm.streams.add(lineStreamConfig(stream, owner))),
  );
  const asked = { wakes: 0, looks: 0 };
  const errors: unknown[] = [];
  const known = { takenThrough: 0, leavers: 0 };
  const line = new JetStreamLine({
    timers: systemTimers,
    link,
    stream,
    epoch: ownerOf(info)?.epoch ?? 'none',
    lastPlace: info.state.last_seq,
    takenThrough: () => known.takenThrough,
    durableTakenThrough: () => Promise.resolve(known.takenThrough),
    leavers: () => known.leavers,
    peopleMax,
    wake: () => (asked.wakes += 1),
    suspect: () => (asked.looks += 1),
    onError: (error) => void errors.push(error),
  });
  return {
    line,
    link,
    asked,
    errors,
    known,
    async close() {
      line.retire();
      await link.close();
    },
  };
}
