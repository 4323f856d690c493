/** Dates and halls: what an operator sends, and what clients see of it. */
import { z } from '@hono/zod-openapi';
import type { ScheduleSummary } from '../../../actors/schedule/messages.ts';
import { limits } from '../../limits.ts';
import { isoTime } from '../answer.ts';
import { concertId, scheduleId } from './ids.ts';
import { count, timeIn, timeOut } from './values.ts';

const rowsPerSectionMax = 10_000;
const sectionsMax = 10_000;
const seatsPerRowMax = 100_000;

const nameShape = /^(?! )[\p{L}\p{M}\p{Nd} ]{1,16}(?<! )$/u;

/** Of a section or a row: it is part of seat ids, so it has one spelling and no hyphen. */
const name = z
  .string()
  .regex(nameShape, 'must be 1 to 16 letters or digits, with spaces only inside')
  .refine((text) => text.normalize('NFC') === text, 'must be in Unicode normalization form C')
  // The document's patterns are ECMA-262 with the flag u by themselves; its generator would write the flag into the text.
  .openapi({ example: 'Floor A', pattern: nameShape.source });

const row = z.strictObject({ name, seats: z.int().min(1).max(seatsPerRowMax).openapi({ example: 25 }) });

const section = z.strictObject({
  name,
  price: z.int().min(0).max(limits.balanceMax).openapi({ description: 'Minor units, of each seat', example: 165_000 }),
  rows: z.array(row).min(1).max(rowsPerSectionMax).refine(namesDiffer, 'rows of a section must differ in name'),
});

/** Free text for people. */
export function text(charsMax: number) {
  return z
    .string()
    .min(1)
    .max(charsMax)
    .refine((value) => value.isWellFormed(), 'must be well-formed Unicode');
}

export const scheduleBody = z
  .strictObject({
    id: scheduleId,
    venue: text(200).openapi({ example: 'Harbour Arena' }),
    startsAt: timeIn,
    salesOpenAt: timeIn,
    salesCloseAt: timeIn,
    sections: z.array(section).min(1).max(sectionsMax).refine(namesDiffer, 'sections must differ in name'),
  })
  .refine(({ salesOpenAt, salesCloseAt }) => salesOpenAt < salesCloseAt, {
    path: ['salesCloseAt'],
    message: 'must be after salesOpenAt',
  })
  .refine(({ sections }) => seatsIn(sections) <= limits.scheduleSeatsMax, {
    path: ['sections'],
    message: `must hold at most ${limits.scheduleSeatsMax} seats together`,
  })
  .openapi('CreateSchedule');

export type ScheduleBody = z.output<typeof scheduleBody>;

export const scheduleFields = {
  id: scheduleId,
  concertId,
  venue: z.string(),
  startsAt: timeOut,
  salesOpenAt: timeOut,
  salesCloseAt: timeOut,
  seatsTotal: count,
  seatsAvailable: count,
};

/** What clients see of a date. */
export function scheduleItem(schedule: ScheduleSummary): object {
  return {
    id: schedule.id,
    concertId: schedule.concertId,
    venue: schedule.venue,
    startsAt: isoTime(schedule.startsAt),
    salesOpenAt: isoTime(schedule.salesOpenAt),
    salesCloseAt: isoTime(schedule.salesCloseAt),
    seatsTotal: schedule.seatsTotal,
    seatsAvailable: schedule.seatsAvailable,
  };
}

function namesDiffer(named: readonly { readonly name: string }[]): boolean {
  return new Set(named.map((one) => one.name)).size === named.length;
}

function seatsIn(sections: readonly { readonly rows: readonly { readonly seats: number }[] }[]): number {
  return sections.reduce((sum, { rows }) => sum + rows.reduce((seats, row) => seats + row.seats, 0), 0);
}
