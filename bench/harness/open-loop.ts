/**
 * Open loop over raw sockets: requests are due at moments that no answer delays, as people arrive who know nothing of
 * each other. A latency runs from the moment that was intended, so that waiting for a server that is behind counts
 * (what is left out otherwise is called coordinated omission: Gil Tene, "How NOT to Measure Latency", 2015).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { AnswerCounts } from './answer-counts.ts';
import { type LoopOptions, type LoopResult, openAll } from './closed-loop.ts';
import { Connection } from './connection.ts';
import { type Quantiles, Samples } from './quantiles.ts';

export interface OpenLoopOptions extends LoopOptions {
  readonly perSecond: number;
  /** How long after the last intended moment answers still count, ms; what is missing then counts as status 0. */
  readonly patienceMs?: number;
}

export interface OpenLoopResult extends LoopResult {
  /** How long after its moment a request left although a connection was free, ms: the generator's own fault. */
  readonly lateness: Quantiles;
  /** Of all answers, and of those that never came as long as they were waited for. */
  readonly allLatencies: Quantiles;
}

const tickMs = 1;

/** When the request of this index is due, ms after the start. */
export function dueMs(index: number, perSecond: number): number {
  return (index * 1000) / perSecond;
}

export async function openLoop(options: OpenLoopOptions): Promise<OpenLoopResult> {
  const { requests, perSecond, patienceMs = 5_000 } = options;
  const counts = new AnswerCounts();
  const lateness = new Samples();
  const done = Promise.withResolvers<void>();
  // A connection may break before anybody waits.
  done.promise.catch(() => {});
  const connections: Connection[] = [];
  /**
   * Which connections have nothing under way, longest idle first, and what the others have. They are used in turn, because
   * servers close those that are silent.
   */
  const idle: number[] = [];
  const underWay = new Int32Array(options.connections).fill(-1);
  let next = 0;
  let startedMs = 0;
  let answeredMs = 0;
  let successMs = 0;

  function send(index: number): void {
    underWay[index] = next;
    connections[index]?.send(requests.at(next++));
  }
  function onAnswer(index: number, status: number): void {
    answeredMs = performance.now();
    if (status >= 200 && status < 300) successMs = answeredMs;
    counts.add(status, answeredMs - startedMs - dueMs(underWay[index] ?? 0, perSecond));
    underWay[index] = -1;
    if (counts.total === requests.count) return done.resolve();
    // A request that is due already has waited for this connection.
    if (next < requests.count && dueMs(next, perSecond) <= answeredMs - startedMs) send(index);
    else idle.push(index);
  }
  function sendDue(): void {
    const nowMs = performance.now() - startedMs;
    while (idle.length > 0 && next < requests.count && dueMs(next, perSecond) <= nowMs) {
      lateness.add(nowMs - dueMs(next, perSecond));
      send(idle.shift() ?? 0);
    }
  }

  await openAll(connections, options.connections, async (index) => {
    const connection = await Connection.open({
      port: options.port,
      onAnswer: (status) => onAnswer(index, status),
      onBroken: (error) => done.reject(new Error('a connection broke', { cause: error })),
    });
    idle.push(index);
    return connection;
  });
  options.onStart?.();
  startedMs = performance.now();
  answeredMs = startedMs;
  const ticker = setInterval(sendDue, tickMs);
  const late = sleep(dueMs(requests.count, perSecond) + patienceMs, null, { ref: false });
  try {
    await Promise.race([done.promise, late]);
  } finally {
    clearInterval(ticker);
    for (const connection of connections) connection.close();
  }
  options.onEnd?.();
  const endedMs = performance.now() - startedMs;
  // Whoever still waits has waited at least so long; leaving them out would make the slowest server the fastest.
  for (const index of underWay) if (index >= 0) counts.add(0, endedMs - dueMs(index, perSecond));
  for (let index = next; index < requests.count; index++) counts.add(0, Math.max(0, endedMs - dueMs(index, perSecond)));
  return {
    answers: counts.answers(),
    seconds: (answeredMs - startedMs) / 1000,
    secondsToLastSuccess: Math.max(0, successMs - startedMs) / 1000,
    lateness: lateness.quantiles(),
    allLatencies: counts.allLatencies(),
  };
}
