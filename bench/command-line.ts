/** What `npm run bench` is asked for. */
import { parseArgs } from 'node:util';
import type { Contender } from './contender.ts';
import type { Workload } from './harness/bench.ts';

export interface Asked {
  readonly workloads: readonly Workload[];
  readonly contenders: readonly Contender[];
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  readonly full: boolean;
  readonly curvesOfAll: boolean;
}

interface Known {
  readonly workloads: readonly Workload[];
  readonly contenders: readonly Contender[];
}

const usage = `npm run bench [-- [full] [options]]
  full                60 s a figure: five rounds of twelve seconds; without it three of two. Growth at its full sizes
  --only a,b          these workloads
  --contenders a,b    these contenders, and the null handler
  --seconds N         a round
  --rounds N          counted rounds of each contender
  --connections N     where it is no curve (64)
  --help              prints this`;

export function helpFor({ workloads, contenders }: Known): string {
  return `${usage}\nWorkloads: ${namesOf(workloads)}.\nContenders: ${namesOf(contenders)}.`;
}

/** Throws with what is wrong and what there is. */
export function readCommandLine(args: readonly string[], all: Known): Asked {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { only: text, contenders: text, seconds: text, rounds: text, connections: text },
  });
  const stranger = positionals.find((word) => word !== 'full');
  if (stranger !== undefined) throw new Error(`"${stranger}" is no word that the bench knows.`);
  const isFull = positionals.includes('full');
  return {
    workloads: chosen(all.workloads, values.only, 'workload', () => false),
    contenders: chosen(all.contenders, values.contenders, 'contender', ({ baseline }) => baseline === true),
    rounds: positive('rounds', values.rounds, isFull ? 5 : 3, true),
    seconds: positive('seconds', values.seconds, isFull ? 12 : 2, false),
    connections: positive('connections', values.connections, 64, true),
    full: isFull,
    // A short run of everyone is to take minutes.
    curvesOfAll: isFull || values.contenders !== undefined,
  };
}

function chosen<T extends { readonly name: string }>(
  all: readonly T[],
  list: string | undefined,
  what: string,
  always: (one: T) => boolean,
): readonly T[] {
  if (list === undefined) return all;
  const names = list.split(',').map((name) => name.trim());
  const stranger = names.find((name) => all.every((one) => one.name !== name));
  if (stranger !== undefined) {
    throw new Error(`There is no ${what} "${stranger}"; there are ${namesOf(all)}.`);
  }
  return all.filter((one) => always(one) || names.includes(one.name));
}

function namesOf(all: readonly { readonly name: string }[]): string {
  return all.map(({ name }) => name).join(', ');
}

function positive(name: string, text: string | undefined, usual: number, whole: boolean): number {
  if (text === undefined) return usual;
  const value = Number(text);
  if (!(value > 0) || (whole && !Number.isInteger(value))) throw new Error(`--${name} must be a positive number.`);
  return value;
}
