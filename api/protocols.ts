/** Which kinds of actor this engine runs, as types: what a door may ask, and what it gets. */
import type { AdmissionProtocol } from '../actors/admission/messages.ts';
import type { CatalogProtocol } from '../actors/catalog/messages.ts';
import type { LineProtocol } from '../actors/line/messages.ts';
import type { ScheduleProtocol } from '../actors/schedule/messages.ts';
import type { WalletProtocol } from '../actors/wallet/messages.ts';
import type { Asker } from '../engine/asker.ts';

export interface Protocols {
  readonly schedule: ScheduleProtocol;
  readonly wallet: WalletProtocol;
  readonly admission: AdmissionProtocol;
  readonly line: LineProtocol;
  readonly catalog: CatalogProtocol;
}

/** The engine as the doors see it. */
export type OnsaleEngine = Asker<Protocols>;
