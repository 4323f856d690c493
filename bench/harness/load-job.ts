/** What the bench tells its load process, and what it hears back. */
import type { Answers } from './answer-counts.ts';
import type { Quantiles } from './quantiles.ts';
import type { RequestPlan } from './request-plan.ts';

export type LoadJob = RequestsJob | JourneysJob;

export interface RequestsJob {
  readonly type: 'requests';
  readonly port: number;
  readonly connections: number;
  readonly plan: RequestPlan;
  readonly pace: Pace;
}

export type Pace =
  | { readonly type: 'closed'; readonly generator: 'autocannon' | 'sockets' }
  | { readonly type: 'open'; readonly perSecond: number };

export interface JourneysJob {
  readonly type: 'journeys';
  readonly port: number;
  /** How many people are on their way at once. */
  readonly clients: number;
  readonly count: number;
  readonly concert: string;
  /** Of names that nobody has had. */
  readonly userPrefix: string;
}

export interface LoadResult {
  /** Of journeys: by step, see `journeySteps`. */
  readonly answers: Answers;
  /** From the first request to the last answer. */
  readonly seconds: number;
  readonly secondsToLastSuccess: number;
  /** Only of an open loop; see `OpenLoopResult`. */
  readonly lateness?: Quantiles;
  readonly allLatencies?: Quantiles;
  /** What the generator itself took meanwhile. */
  readonly generatorCpuSeconds: number;
}

/** From the bench to the load process. */
export interface Order {
  readonly job: LoadJob;
}

/** From the load process to the bench; `started` is said when nothing but load follows, `ended` when it is over. */
export type Report =
  | { readonly type: 'ready' }
  | { readonly type: 'started' }
  | { readonly type: 'ended' }
  | { readonly type: 'done'; readonly result: LoadResult }
  | { readonly type: 'failed'; readonly reason: string };
