/** Different people join one line over HTTP: the engine's own line, and the line on JetStream. */
import { type Bench, fit, isOnsale, type Workload } from '../harness/bench.ts';
import { withEntrants } from '../harness/entrant.ts';
import { answerCells, rateBars, rateCells } from '../harness/figures.ts';
import { closedLoop, measureRounds, rightOf } from '../harness/rounds.ts';
import { Client } from '../../test/system/client.ts';
import * as sale from '../../test/system/sale.ts';

/** The engine's own line takes 100,000 people a room. */
const joinsMax = 90_000;

export const joins: Workload = {
  name: 'joins',
  steps: (bench) => fit(bench, isOnsale).length * (bench.rounds + 1),
  async run(bench) {
    let rooms = 0;
    const catalogue = { schedules: 0, rowsPerSchedule: 0, users: 0 };
    const measured = await withEntrants(bench, fit(bench, isOnsale), catalogue, (entrants) =>
      measureRounds(bench, entrants, {
        what: 'joins',
        countMax: joinsMax,
        seatTold: null,
        async jobOf({ entrant, count }) {
          const room = `line-${rooms++}`;
          await openLine(entrant.running.port, room);
          return closedLoop(bench, entrant, { kind: 'joins', tokens: [], room, count });
        },
      }),
    );
    const right = rightOf(bench, measured);
    return [
      {
        name: 'joins-http',
        title: 'People who join the line a second, over HTTP',
        unit: 'joins/s',
        better: 'higher',
        series: rateBars(right, 201, labelOf),
        rows: right.map((each) => ({
          contender: labelOf(each.entrant),
          ...rateCells(each, 201, 'joins/s'),
          ...answerCells(each, 201),
        })),
        notes: ['Each round fills a new room that lets nobody in: what is measured is joining, not being let in.'],
      },
    ];
  },
};

function labelOf({ contender }: { readonly contender: Bench['contenders'][number] }): string {
  return contender.name === 'onsale'
    ? `${contender.label}, line in the engine`
    : `${contender.label}, line on JetStream`;
}

async function openLine(port: number, room: string): Promise<void> {
  const client = new Client(port);
  try {
    await sale.putRoom(client, room, { ...sale.openDoors, admitPerSecond: 0 });
  } finally {
    client.close();
  }
}
