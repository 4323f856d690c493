/** What most requests of a sale are: am I next, and has anything changed. Against a handler that answers a constant. */
import { type Bench, fewUsers, fit, isOnsale, type Workload } from '../harness/bench.ts';
import { type Entrant, withEntrants } from '../harness/entrant.ts';
import { answerCells, rateBars, rateCells, ratioToBase } from '../harness/figures.ts';
import type { RequestPlan } from '../harness/request-plan.ts';
import { closedLoop, type Measured, measureRounds, rightOf } from '../harness/rounds.ts';
import type { Section } from '../report/section.ts';
import { Client } from '../../test/system/client.ts';
import * as sale from '../../test/system/sale.ts';

const catalogue = { schedules: 10, rowsPerSchedule: 5, users: fewUsers };

const chosen = (bench: Bench): ReturnType<typeof fit> =>
  fit(bench, (contender) => contender.baseline === true || isOnsale(contender));

export const polls: Workload = {
  name: 'polls',
  steps: (bench) => chosen(bench).length * (bench.rounds + 1) * 2,
  async run(bench) {
    const [places, unchanged] = await withEntrants(bench, chosen(bench), catalogue, async (entrants) => {
      const etags = new Map<Entrant, string[]>();
      for (const entrant of entrants) etags.set(entrant, await etagsOf(entrant));
      const ask = async (what: string, planOf: (entrant: Entrant, count: number) => RequestPlan) => {
        for (const entrant of entrants) entrant.rate = null;
        return await measureRounds(bench, entrants, {
          what,
          jobOf: ({ entrant, count }) => closedLoop(bench, entrant, planOf(entrant, count)),
        });
      };
      return [
        await ask('queue polls', ({ running }, count) => ({ kind: 'polls', tokens: running.tokens, count })),
        await ask('unchanged seat lists', (entrant, count) => ({
          kind: 'unchanged-seats',
          tokens: entrant.running.tokens,
          etags: etags.get(entrant) ?? [],
          count,
        })),
      ] as const;
    });
    return [
      section(
        rightOf(bench, places),
        200,
        'polls',
        'Queue polls a second',
        'GET /v1/queue/tokens/current by 2,000 people in turn.',
      ),
      section(
        rightOf(bench, unchanged),
        304,
        'unchanged-seats',
        'Unchanged seat lists a second, answered 304',
        'GET of a list of 500 seats with If-None-Match, by 2,000 people in turn.',
      ),
    ];
  },
};

async function etagsOf({ contender, running }: Entrant): Promise<string[]> {
  const client = new Client(running.port);
  try {
    const tags: string[] = [];
    for (let date = 0; date < catalogue.schedules; date++) {
      if (contender.baseline === true) tags.push(`"${'0'.repeat(20)}"`);
      else {
        const token = running.tokens[0] ?? '';
        const seats = client.send('GET', `/v1/schedules/bench-${date}/seats`, { token });
        tags.push(String((await sale.expecting(200, seats)).headers.etag));
      }
    }
    return tags;
  } finally {
    client.close();
  }
}

function section(measured: readonly Measured[], status: number, name: string, title: string, note: string): Section {
  return {
    name,
    title,
    unit: 'answers/s',
    better: 'higher',
    series: rateBars(measured, status),
    rows: measured.map((each) => ({
      contender: each.entrant.contender.label,
      ...rateCells(each, status, 'answers/s'),
      'of the null handler': ratioToBase(each, measured, status),
      ...answerCells(each, status),
    })),
    notes: [`${note} The null handler answers the same length, always the same.`],
  };
}
