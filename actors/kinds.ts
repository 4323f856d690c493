/** All kinds of actor, made from one set of rules. The engine and the follower of its journal both build theirs here. */
import type { ErasedKind } from '../engine/actor.ts';
import { createAdmission } from './admission/admission.ts';
import { createCatalog } from './catalog/catalog.ts';
import { createLine } from './line/line.ts';
import type { Rules } from './rules.ts';
import { createSchedule } from './schedule/schedule.ts';
import { createWallet } from './wallet/wallet.ts';

/** Kinds by name. Each call makes kinds that share nothing with those of another call. */
export function createKinds(rules: Rules) {
  return {
    schedule: createSchedule(rules),
    wallet: createWallet(rules),
    admission: createAdmission(rules),
    line: createLine(rules),
    catalog: createCatalog(),
  } satisfies Record<string, ErasedKind>;
}
