/** What the snapshots of wallets, rooms, lines and the catalog hold, by what the journal says. All of them are JSON. */
import type { CatalogAudit } from '../catalog.ts';
import type { AuditedLine } from '../line.ts';
import type { AuditedWallet } from '../money.ts';
import type { AuditedRoom } from '../room.ts';

export function walletImage({ balance, charges, moves }: AuditedWallet): object {
  return { format: 1, balance, charges, moves: moves ?? [] };
}

/** Sessions stand in columns, in order of admission. */
export function roomImage(room: AuditedRoom): object {
  const sessions = [...room.sessions.values()];
  const epochs = [...new Set(sessions.map(({ epoch }) => epoch))];
  const numberOf = new Map(epochs.map((epoch, index) => [epoch, index]));
  return {
    policy: room.policy,
    bucket: { units: room.pace.units, atMs: room.pace.atMs },
    admitted: room.admitted,
    expired: room.expired,
    recent: { second: room.pace.second, count: room.pace.count },
    lines: Array.from(room.lines.values(), (line) => ({
      epoch: line.epoch,
      kind: line.kind,
      takenThrough: line.takenThrough,
      lost: line.lost,
      leavers: line.leftRanges(),
    })),
    epochs,
    users: sessions.map(({ userId }) => userId),
    epochOf: sessions.map(({ epoch }) => numberOf.get(epoch)),
    places: sessions.map(({ place }) => place),
    startedAt: sessions.map(({ startedAt }) => startedAt),
    renewedAt: sessions.map(({ renewedAt }) => renewedAt),
    expiresAt: sessions.map(({ expiresAt }) => expiresAt),
  };
}

export function lineImage({ epoch, lastPlace, userAt }: AuditedLine): object {
  return { epoch, lastPlace, places: [...userAt.keys()], users: [...userAt.values()] };
}

export function catalogImage({ concerts, schedules, rooms, moves }: CatalogAudit): object {
  return { events: [...concerts.values(), ...schedules.values(), ...rooms.values()], moves: [...moves] };
}
