/** Times, money and pages, in and out. */
import { z } from '@hono/zod-openapi';

/** Answers carry ISO 8601 UTC with milliseconds. */
export const timeOut = z.iso.datetime({ precision: 3 }).openapi({ example: '2027-05-01T10:00:00.000Z' });
export const timeOutOrNull = timeOut.nullable();

/** Requests may carry any RFC 3339 time with `Z` or an offset; it becomes ms since the epoch. */
export const timeIn = z.iso
  .datetime({ offset: true, error: 'must be a time like 2027-05-01T10:00:00Z or 2027-05-01T19:00:00+09:00' })
  .refine(withinReach, 'must be between the years 1970 and 9999')
  .transform((text) => Date.parse(text))
  .openapi({ type: 'string', format: 'date-time', example: '2027-05-01T10:00:00Z' });

/** Whole minor units. */
export const money = z.int().openapi({ example: 165_000 });
export const count = z.int().min(0);

/** An opaque place to go on from. */
export const cursorIn = z.string().max(512).optional().openapi({ description: '`nextCursor` of the page before' });
export const cursorOut = z.string().nullable().openapi({ description: 'For the next page; null on the last one' });

export const limitIn = z
  .string()
  .regex(/^\d{1,3}$/, 'must be a whole number from 1 to 500')
  .transform(Number)
  .refine((limit) => limit >= 1 && limit <= 500, 'must be a whole number from 1 to 500')
  .optional()
  .openapi({ type: 'integer', minimum: 1, maximum: 500, default: 100, description: 'Items a page' });

export const limitDefault = 100;

export const availableIn = z
  .enum(['true', 'false'])
  .optional()
  .openapi({ description: '`true`: only what is on sale now and has at least one free seat' });

function withinReach(text: string): boolean {
  const ms = Date.parse(text);
  return ms >= 0 && ms <= Date.UTC(9999, 11, 31, 23, 59, 59, 999);
}
