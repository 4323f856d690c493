/**
 * Whether a contender may be measured at all: many people ask for the same seats at the same instant, and each seat must
 * go to exactly one of them. A system that sells a seat twice is fast for nothing.
 */
import type { RunningContender } from '../contender.ts';
import { AskingConnection } from './connection.ts';
import { textOf } from './request-bytes.ts';

export interface ProbeOptions {
  readonly port: number;
  readonly tokens: readonly string[];
  /** Of date `bench-0`, all free. */
  readonly seatIds: readonly string[];
  readonly seatsHeld: RunningContender['seatsHeld'];
}

/** How many seats the probe has taken, or what was wrong. */
export type ProbeResult =
  | { readonly type: 'right'; readonly seats: number }
  | { readonly type: 'wrong'; readonly reason: string };

/** People who ask for the same seat. */
const askers = 16;

/**
 * Half of the seats are asked for one by one, each by 16 people at once. The others in threes: half of the people want
 * left and middle, half right and middle, and whoever gets the middle must have both.
 */
export async function probe({ port, tokens, seatIds, seatsHeld }: ProbeOptions): Promise<ProbeResult> {
  const half = Math.floor(seatIds.length / 2);
  const connections = await Promise.all(Array.from({ length: askers }, () => AskingConnection.open(port)));
  const owners = new Map<string, number>();
  let holds = 0;
  const ask = async (
    connection: AskingConnection,
    asker: number,
    wanted: readonly string[],
  ): Promise<string | null> => {
    const { status, body } = await connection.ask(
      textOf({
        method: 'POST',
        path: '/v1/reservations',
        headers: {
          'content-type': 'application/json',
          'queue-token': tokens[asker % tokens.length] ?? '',
          'idempotency-key': `probe-${holds++}`,
        },
        body: JSON.stringify({ scheduleId: 'bench-0', seatIds: wanted }),
      }),
    );
    if (status === 201) for (const seatId of wanted) owners.set(seatId, (owners.get(seatId) ?? 0) + 1);
    return status === 201 || status === 409 ? null : `a hold was answered ${status} ${body.slice(0, 200)}`;
  };
  try {
    const wishes = [
      ...seatIds.slice(0, half).map((seatId) => (): readonly string[] => [seatId]),
      ...triosOf(seatIds.slice(half)).map(
        ([left, middle, right]) =>
          (asker: number): readonly string[] =>
            asker % 2 === 0 ? [left, middle] : [right, middle],
      ),
    ];
    for (const wish of wishes) {
      const answers = await Promise.all(connections.map((connection, asker) => ask(connection, asker, wish(asker))));
      const odd = answers.find((answer) => answer !== null);
      if (odd !== undefined && odd !== null) return { type: 'wrong', reason: odd };
    }
  } finally {
    for (const connection of connections) connection.close();
  }
  return await judged(owners, seatIds.slice(0, half), seatsHeld);
}

function triosOf(seatIds: readonly string[]): [left: string, middle: string, right: string][] {
  return Array.from({ length: Math.floor(seatIds.length / 3) }, (_, trio) => [
    seatIds[trio * 3] ?? '',
    seatIds[trio * 3 + 1] ?? '',
    seatIds[trio * 3 + 2] ?? '',
  ]);
}

async function judged(
  owners: ReadonlyMap<string, number>,
  askedAlone: readonly string[],
  seatsHeld: RunningContender['seatsHeld'],
): Promise<ProbeResult> {
  for (const [seatId, count] of owners) {
    if (count > 1) return { type: 'wrong', reason: `seat ${seatId} was given to ${count} people` };
  }
  const unsold = askedAlone.find((seatId) => !owners.has(seatId));
  if (unsold !== undefined) return { type: 'wrong', reason: `seat ${unsold} was refused to everybody` };
  const held = await seatsHeld();
  if (held === owners.size) return { type: 'right', seats: held };
  return { type: 'wrong', reason: `${owners.size} seats were answered 201, but its store has ${held}` };
}
