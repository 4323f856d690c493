/** What one line of an import file says. The admin door judges the bodies; here only what is needed to address it. */
import { z } from 'zod';

export type CatalogLine =
  | { readonly type: 'concert' | 'schedule'; readonly id: string; readonly path: string; readonly body: unknown }
  | { readonly type: 'blank' }
  | { readonly type: 'bad'; readonly reason: string };

const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, _ or -');

const concertLine = z.strictObject({ concert: z.looseObject({ id }) });
const scheduleLine = z.strictObject({ schedule: z.looseObject({ id, concertId: id }) });

/** Reads one line; `text` null means that it could not be decoded. */
export function catalogLine(text: string | null): CatalogLine {
  if (text === null) return { type: 'bad', reason: 'longer than 16 MiB, or not UTF-8' };
  if (text.trim() === '') return { type: 'blank' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { type: 'bad', reason: `not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  if (typeof value === 'object' && value !== null && 'concert' in value) return concertOf(value);
  if (typeof value === 'object' && value !== null && 'schedule' in value) return scheduleOf(value);
  return { type: 'bad', reason: 'neither {"concert": {…}} nor {"schedule": {…}}' };
}

function concertOf(value: object): CatalogLine {
  const parsed = concertLine.safeParse(value);
  if (!parsed.success) return { type: 'bad', reason: mistakes(parsed.error) };
  const body = parsed.data.concert;
  return { type: 'concert', id: body.id, path: '/v1/admin/concerts', body };
}

function scheduleOf(value: object): CatalogLine {
  const parsed = scheduleLine.safeParse(value);
  if (!parsed.success) return { type: 'bad', reason: mistakes(parsed.error) };
  const { concertId, ...body } = parsed.data.schedule;
  return { type: 'schedule', id: body.id, path: `/v1/admin/concerts/${concertId}/schedules`, body };
}

function mistakes(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`.trim()).join('; ');
}
