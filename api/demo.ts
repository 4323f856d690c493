/**
 * Three concerts to try the program with. They go through the admin routes like anyone's data, so that they are
 * validated, journaled and digested in the same way; the same lines imported later count as equal.
 */
import { setTimeout as sleep } from 'node:timers/promises';

interface SectionBody {
  readonly name: string;
  readonly price: number;
  readonly rows: readonly { readonly name: string; readonly seats: number }[];
}

interface ConcertBody {
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

interface ScheduleBody {
  readonly id: string;
  readonly venue: string;
  readonly startsAt: string;
  readonly salesOpenAt: string;
  readonly salesCloseAt: string;
  readonly sections: readonly SectionBody[];
}

/** Sends one admin request to this program's own door; `path` starts with `/v1/admin/`. */
export type PostAdmin = (path: string, body: unknown) => Promise<Pick<Response, 'status' | 'headers' | 'text'>>;

const dayMs = 24 * 60 * 60 * 1000;

const concerts: readonly ConcertBody[] = [
  { id: 'northern-lights', name: 'Northern Lights', description: 'Three nights in the large hall.' },
  { id: 'quiet-hours', name: 'Quiet Hours', description: 'Chamber music for piano and strings.' },
  { id: 'late-shift', name: 'Late Shift', description: 'A jazz club, one night only.' },
];

/** Sections of one kind: the same price, and rows 1 … `rows` of so many `seats` each. */
function sections(names: readonly string[], price: number, rows: number, seats: number): SectionBody[] {
  const numbered = Array.from({ length: rows }, (_, index) => ({ name: String(index + 1), seats }));
  return names.map((name) => ({ name, price, rows: numbered }));
}

function numberedFrom(first: number, count: number, word: string): string[] {
  return Array.from({ length: count }, (_, index) => `${word} ${first + index}`);
}

/** 15,060 seats at four prices. */
const hall: readonly SectionBody[] = [
  ...sections(['Floor A', 'Floor B', 'Floor C', 'Floor D'], 165_000, 20, 25),
  ...sections(numberedFrom(101, 12, 'Lower'), 132_000, 20, 20),
  ...sections(numberedFrom(201, 14, 'Upper'), 99_000, 20, 20),
  ...sections(numberedFrom(301, 7, 'Sky'), 66_000, 20, 19),
];

const theatre: readonly SectionBody[] = [
  ...sections(['Stalls'], 88_000, 20, 30),
  ...sections(['Circle'], 66_000, 12, 32),
  ...sections(['Gallery'], 44_000, 8, 27),
];

const club: readonly SectionBody[] = [...sections(['Tables'], 55_000, 10, 8), ...sections(['Bar'], 33_000, 2, 20)];

function schedule(nowMs: number, id: string, venue: string, inDays: number, of: readonly SectionBody[]): ScheduleBody {
  const startsAtMs = Math.floor(nowMs / dayMs) * dayMs + inDays * dayMs + 10 * 60 * 60 * 1000;
  return {
    id,
    venue,
    startsAt: new Date(startsAtMs).toISOString(),
    salesOpenAt: new Date(nowMs - dayMs).toISOString(),
    salesCloseAt: new Date(startsAtMs).toISOString(),
    sections: of,
  };
}

function schedules(nowMs: number): readonly (readonly [concertId: string, body: ScheduleBody])[] {
  return [
    ['northern-lights', schedule(nowMs, 'northern-lights-1', 'Harbour Arena', 180, hall)],
    ['northern-lights', schedule(nowMs, 'northern-lights-2', 'Harbour Arena', 181, hall)],
    ['northern-lights', schedule(nowMs, 'northern-lights-3', 'Harbour Arena', 182, hall)],
    ['quiet-hours', schedule(nowMs, 'quiet-hours-1', 'Old Theatre', 200, theatre)],
    ['quiet-hours', schedule(nowMs, 'quiet-hours-2', 'Old Theatre', 201, theatre)],
    ['late-shift', schedule(nowMs, 'late-shift-1', 'Cellar Club', 190, club)],
  ];
}

/** Limits of requests count for us, too; whoever is asked to come later does so, so often. */
const triesMax = 30;

async function created(post: PostAdmin, path: string, body: unknown): Promise<void> {
  for (let tries = 1; ; tries++) {
    const answer = await post(path, body);
    if (answer.status === 201 || answer.status === 409) return;
    const text = await answer.text();
    if ((answer.status !== 429 && answer.status !== 503) || tries === triesMax) {
      throw new Error(`Demo data was refused at ${path}: ${text}`);
    }
    await sleep(Number(answer.headers.get('retry-after') ?? 1) * 1000);
  }
}

/**
 * Loads the demo into an empty data directory; `nowMs` is the time from which its dates are reckoned.
 * What is there already, from a load that did not finish, stays. Throws when a request is refused for another reason.
 */
export async function loadDemo(post: PostAdmin, nowMs: number): Promise<void> {
  await Promise.all(concerts.map((concert) => created(post, '/v1/admin/concerts', concert)));
  await Promise.all(
    schedules(nowMs).map(([concertId, body]) => created(post, `/v1/admin/concerts/${concertId}/schedules`, body)),
  );
}

/** Lines to paste into a shell, from joining to paying; `url` is where the server listens. */
export function firstSteps(url: string): string {
  return `Try it (paste into a shell, line by line):

  URL=${url} J='Content-Type: application/json'
  TOKEN=$(curl -s $URL/v1/queue/tokens -H "$J" -d '{"userId":"ann"}' | grep -o '"token":"[^"]*"' | cut -d'"' -f4)
  curl -s $URL/v1/queue/tokens/current -H "Queue-Token: $TOKEN"
  curl -s "$URL/v1/concerts?available=true" -H "Queue-Token: $TOKEN"
  curl -s $URL/v1/concerts/northern-lights/schedules -H "Queue-Token: $TOKEN"
  curl -s "$URL/v1/schedules/northern-lights-1/seats?status=available" -H "Queue-Token: $TOKEN" | head -c 600
  curl -s $URL/v1/users/ann/charges -H "$J" -d '{"amount":500000}'
  HOLD=$(curl -s $URL/v1/reservations -H "Queue-Token: $TOKEN" -H "$J" \\
    -d '{"scheduleId":"northern-lights-1","seatIds":["Floor A-1-12","Floor A-1-13"]}'); echo "$HOLD"
  ID=$(echo "$HOLD" | grep -o '"id":"[^"]*"' | head -n 1 | cut -d'"' -f4)
  curl -s $URL/v1/payments -H "Queue-Token: $TOKEN" -H "$J" -d "{\\"reservationId\\":\\"$ID\\"}"
  curl -s $URL/v1/users/ann/balance

The page ${url}/docs shows and tries every call.`;
}
