/** Stands for a room's line while its stream has not been looked at: joins are refused. */
import type { WaitingLine } from '../queue/waiting-line.ts';

export const closedLine: WaitingLine = {
  epoch: 'none',
  kind: 'stream',
  join: async () => ({ type: 'refused', code: 'queue_unavailable' }),
  take: async (after) => ({ people: [], through: after }),
  settle: async () => undefined,
  leave: async () => undefined,
  counts: async () => ({ waiting: 0, lastPlace: 0 }),
};
