/** Live seats without engine and sockets: a disk and a clock that stand where they are put, and readers on the side. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { ScheduleEvent } from '../../actors/schedule/messages.ts';
import type { JournaledEvent } from '../../engine/ports.ts';
import { SeatChanges, type SeatChangesBounds } from '../../api/seats/seat-changes.ts';
import { SeatStreams, type SeatStreamsBounds } from '../../api/http/seat-streams.ts';
import { limits } from '../../api/limits.ts';
import { readEvents, type SeatEvent } from './seat-watcher.ts';

const place = { room: 'main', epoch: 'e', place: 1, userId: 'u' };
const bootId = 'boot';

function seatNamed(name: string) {
  return { id: name, section: 'A', row: '1', number: 1, price: 1 };
}

function event(type: 'SeatsHeld' | 'HoldExpired' | 'ReservationPaid', ...names: string[]): ScheduleEvent {
  const reservation = { seats: names.map(seatNamed) };
  // Only the seats are read of it here.
  return { type, v: 1, reservation } as unknown as ScheduleEvent;
}

/** A world whose disk and clock stand where they are put. */
export function hall(t: TestContext, bounds: Partial<SeatChangesBounds & SeatStreamsBounds> = {}) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const clock = { ms: 0 };
  t.mock.method(performance, 'now', () => clock.ms);
  const disk = { open: 1, durable: 0 };
  const all = { ...limits, ...bounds };
  const changes = new SeatChanges({ bootId, durableBatch: () => disk.durable, bounds: all });
  let inside = true;
  const streams = new SeatStreams({ changes, inside: () => inside, bounds: all });
  t.after(() => streams.close());
  const counts = new Map<string, number>();
  const world = {
    disk,
    changes,
    streams,
    count: (id = 's') => counts.get(id) ?? 0,
    leave: () => (inside = false),
    happens(type: Parameters<typeof event>[0], names: readonly string[], id = 's'): void {
      counts.set(id, world.count(id) + names.length);
      const journaled: JournaledEvent = { actor: `schedule:${id}`, event: event(type, ...names) };
      changes.onEvents([journaled], disk.open);
    },
    commits(): void {
      disk.durable = disk.open++;
    },
    passes(ms: number): void {
      for (let elapsed = 0; elapsed < ms; elapsed += 50) {
        clock.ms += 50;
        t.mock.timers.tick(50);
      }
    },
    open: (from: number | null, id = 's', session = 1) => opened(streams, from, world.count(id), id, session),
  };
  changes.follow('s', 0);
  return world;
}

function opened(streams: SeatStreams, from: number | null, now: number, scheduleId: string, session: number) {
  const answer = streams.open({
    place: { ...place, place: session },
    scheduleId,
    changes: now,
    lastEventId: from === null ? undefined : `${bootId}.${from}`,
    headOnly: false,
    cutOff: null,
  });
  return { status: answer.status, body: answer.body };
}

/** What has come so far, read on the side. */
export function reading({ body }: { readonly body: unknown }) {
  assert.ok(body instanceof ReadableStream);
  const seen = { text: '', over: false, error: '' };
  async function pump(chunks: ReadableStream<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of chunks) seen.text += new TextDecoder().decode(chunk);
    } catch (error) {
      seen.error = String(error);
    }
    seen.over = true;
  }
  void pump(body);
  return {
    /** Everything that was sent, once it has been read. */
    async events(): Promise<SeatEvent[]> {
      await soon();
      return readEvents(seen.text).events;
    },
    async over(): Promise<boolean> {
      await soon();
      return seen.over;
    },
    seen,
  };
}

/** Promises that are resolved already have been seen by then. */
export async function soon(): Promise<void> {
  await new Promise<void>((resolve) => void setImmediate(resolve));
}

export function frame(through: number, ...changes: [id: string, status: string][]): SeatEvent {
  return { type: 'seats', version: `${bootId}.${through}`, changes: changes.map(([id, status]) => ({ id, status })) };
}
