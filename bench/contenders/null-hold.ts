/** What the null handler and the null responder parse and answer: the shape of a hold, the same for both. */
import { z } from 'zod';

export const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

export const seatIds = z
  .array(z.string().min(1).max(64))
  .min(1)
  .max(1_000)
  .refine((ids) => ids.length === 1 || new Set(ids).size === ids.length);

export const reservation = {
  id: 'bench-1.1',
  scheduleId: 'bench-1',
  concertId: 'bench',
  userId: 'bench-user-1',
  status: 'held',
  seats: [{ id: 'A-1-1', section: 'A', row: '1', number: 1, price: 10_000 }],
  totalPrice: 10_000,
  heldAt: '2027-01-01T00:00:00.000Z',
  expiresAt: '2027-01-01T00:05:00.000Z',
  paidAt: null,
};

/** What someone who is inside reads of their place; the token is as long as a real one. */
export const place = {
  token: `${'t'.repeat(64)}.${'s'.repeat(43)}`,
  room: 'main',
  userId: 'bench-user-1',
  status: 'active',
  place: 1_000,
  position: 0,
  etaSeconds: 0,
  expiresAt: '2027-01-01T00:05:00.000Z',
  pollAfterSeconds: 1,
};
