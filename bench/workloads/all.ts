/** What is measured, in the order of the report. A new workload is one more entry. */
import type { Workload } from '../harness/bench.ts';
import { browse } from './browse.ts';
import { connections } from './connections.ts';
import { generator } from './generator.ts';
import { growth } from './growth.ts';
import { hot } from './hot.ts';
import { joins } from './joins.ts';
import { journey } from './journey.ts';
import { offeredLoad } from './offered-load.ts';
import { oneSeat } from './one-seat.ts';
import { polls } from './polls.ts';
import { services } from './services.ts';
import { spread } from './spread.ts';

export const allWorkloads: readonly Workload[] = [
  spread,
  hot,
  oneSeat,
  connections,
  offeredLoad,
  journey,
  browse,
  polls,
  joins,
  services,
  generator,
  ...growth,
];
