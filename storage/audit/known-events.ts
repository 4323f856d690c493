/** The events that the audit knows, in the version that it knows. */
import type { AdmissionEvent } from '../../actors/admission/messages.ts';
import type { CatalogEvent } from '../../actors/catalog/messages.ts';
import type { LineEvent } from '../../actors/line/messages.ts';
import type { ScheduleEvent } from '../../actors/schedule/messages.ts';
import type { WalletEvent } from '../../actors/wallet/messages.ts';
import type { JournaledEvent } from '../../engine/ports.ts';

const schedule = {
  ScheduleOpened: 1,
  SeatsHeld: 1,
  HoldCancelled: 1,
  HoldExpired: 1,
  PaymentStarted: 1,
  PaymentRefused: 1,
  ReservationPaid: 1,
} satisfies { readonly [Type in ScheduleEvent['type']]: Extract<ScheduleEvent, { type: Type }>['v'] };

const wallet = { WalletCharged: 1, WalletDebited: 1, WalletCredited: 1 } satisfies Record<WalletEvent['type'], 1>;

const admission = {
  PolicySet: 1,
  LineOpened: 1,
  LineLost: 1,
  UserAdmitted: 1,
  PlacesPassed: 1,
  SessionRenewed: 1,
  SessionEnded: 1,
  PlaceLeft: 1,
} satisfies Record<AdmissionEvent['type'], 1>;

const line = { LineStarted: 1, LineJoined: 1, LineLeft: 1, LineSettled: 1 } satisfies Record<LineEvent['type'], 1>;

const catalog = { ConcertCreated: 1, ScheduleCreated: 1, RoomPut: 1 } satisfies Record<CatalogEvent['type'], 1>;

const versions: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  schedule,
  wallet,
  admission,
  line,
  catalog,
};

/** An event with the kind and id of its actor, its type one that the kind has. */
export type KnownEvent =
  | { readonly kind: 'schedule'; readonly id: string; readonly event: ScheduleEvent }
  | { readonly kind: 'wallet'; readonly id: string; readonly event: WalletEvent }
  | { readonly kind: 'admission'; readonly id: string; readonly event: AdmissionEvent }
  | { readonly kind: 'line'; readonly id: string; readonly event: LineEvent }
  | { readonly kind: 'catalog'; readonly id: string; readonly event: CatalogEvent };

/** Undefined for a kind, type or version that is not known. */
export function knownEvent({ actor, event }: JournaledEvent): KnownEvent | undefined {
  const colon = actor.indexOf(':');
  const kind = actor.slice(0, colon);
  const ofKind = Object.hasOwn(versions, kind) ? versions[kind] : undefined;
  if (ofKind === undefined || !Object.hasOwn(ofKind, event.type) || ofKind[event.type] !== event.v) return undefined;
  // The table has matched kind, type and version. What is inside may still be wrong: whoever reads it says so.
  return { kind, id: actor.slice(colon + 1), event } as KnownEvent;
}
