/** The event feed, held against the journal: every public event, in order, and nothing that the journal does not have. */
import type { SimulatedDisk } from './simulated-disk.ts';
import type { SimulatedStream } from './simulated-stream.ts';

/** What the contract of the feed makes public, and under which name. */
const publicNames: Readonly<Record<string, string>> = {
  ScheduleOpened: 'opened',
  SeatsHeld: 'seats-held',
  HoldCancelled: 'hold-cancelled',
  HoldExpired: 'hold-expired',
  ReservationPaid: 'reservation-paid',
  WalletCharged: 'charged',
  WalletDebited: 'debited',
  UserAdmitted: 'admitted',
  SessionEnded: 'session-ended',
};

export function feedProblems(disk: SimulatedDisk, stream: SimulatedStream | undefined): string[] {
  const expected = expectedFeed(disk);
  const found = new Map<string, string>();
  for (const { id, subject } of stream?.messages() ?? []) if (id !== null && !found.has(id)) found.set(id, subject);
  const actual = [...found];
  for (let index = 0; index < Math.max(expected.length, actual.length); index += 1) {
    const [wantedId, wantedSubject] = expected[index] ?? ['nothing', 'nothing'];
    const [id, subject] = actual[index] ?? ['nothing', 'nothing'];
    if (id === wantedId && subject === wantedSubject) continue;
    return [`event ${index} of the feed is ${id} on ${subject}; the journal has ${wantedId} on ${wantedSubject}`];
  }
  return [];
}

function expectedFeed(disk: SimulatedDisk): [id: string, subject: string][] {
  const feed: [string, string][] = [];
  for (const { number, turns } of disk.batches(1)) {
    let index = 0;
    for (const { events } of turns) {
      for (const { actor, event } of events) {
        const name = publicNames[event.type];
        const subject = `onsale.v1.events.${actor.replace(':', '.')}.${name}`;
        if (name !== undefined) feed.push([`${disk.journalId}-${number}-${index}`, subject]);
        index += 1;
      }
    }
    turns.forEach(({ binding }, turn) => {
      if (binding?.outcome.type !== 'rejected' || !binding.scope.startsWith('do|')) return;
      feed.push([`${disk.journalId}-${number}-${index + turn}`, `onsale.v1.events.command.${number}-${turn}.rejected`]);
    });
  }
  return feed;
}
