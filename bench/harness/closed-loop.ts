/** Closed loop over raw sockets: each connection sends its next request when it has the last one's answer. */
import { AnswerCounts, type Answers } from './answer-counts.ts';
import { Connection } from './connection.ts';
import type { RequestBytes } from './request-bytes.ts';

export interface LoopResult {
  readonly answers: Answers;
  /** From the first request to the last answer. */
  readonly seconds: number;
  /** From the first request to the last answer below 300: when something was sold out. */
  readonly secondsToLastSuccess: number;
}

export interface LoopOptions {
  readonly port: number;
  readonly connections: number;
  readonly requests: RequestBytes;
  /** Called when all connections stand, and when the last answer is there: nothing but load lies between. */
  readonly onStart?: () => void;
  readonly onEnd?: () => void;
}

/** How long after the last answer the generator gives up, ms. */
const silenceMaxMs = 20_000;

/** Opens so many at once into `connections`, and closes them again when one cannot be opened. */
export async function openAll(
  connections: Connection[],
  count: number,
  open: (index: number) => Promise<Connection>,
): Promise<void> {
  const opened = await Promise.allSettled(
    Array.from({ length: count }, async (_, index) => {
      connections[index] = await open(index);
    }),
  );
  const failed = opened.find((each) => each.status === 'rejected');
  if (failed === undefined) return;
  for (const connection of connections) connection?.close();
  throw failed.reason;
}

/** Sends every request once, from one queue, so that no connection ends before the others. */
export async function closedLoop(options: LoopOptions): Promise<LoopResult> {
  const { requests } = options;
  const counts = new AnswerCounts();
  const done = Promise.withResolvers<void>();
  // A connection may break before anybody waits.
  done.promise.catch(() => {});
  const sentAtMs = new Float64Array(options.connections);
  const connections: Connection[] = [];
  let next = 0;
  let successMs = 0;
  let answeredMs = 0;
  let startedMs = 0;
  const send = (index: number): void => {
    if (next === requests.count) return;
    sentAtMs[index] = performance.now();
    connections[index]?.send(requests.at(next++));
  };
  const count = (index: number, status: number): void => {
    answeredMs = performance.now();
    if (status >= 200 && status < 300) successMs = answeredMs;
    counts.add(status, answeredMs - (sentAtMs[index] ?? 0));
    if (counts.total === requests.count) done.resolve();
    else send(index);
  };
  await openAll(connections, options.connections, (index) =>
    Connection.open({
      port: options.port,
      onAnswer: (status) => count(index, status),
      // What was under way on it has an unknown outcome; the measurement cannot stand.
      onBroken: (error) => done.reject(new Error('a connection broke', { cause: error })),
    }),
  );
  const watch = setInterval(() => {
    if (performance.now() - Math.max(answeredMs, startedMs) < silenceMaxMs) return;
    done.reject(new Error(`${requests.count - counts.total} requests got no answer in ${silenceMaxMs} ms`));
  }, 1_000);
  options.onStart?.();
  startedMs = performance.now();
  for (let index = 0; index < connections.length; index++) send(index);
  try {
    if (requests.count > 0) await done.promise;
  } finally {
    clearInterval(watch);
    for (const connection of connections) connection.close();
  }
  options.onEnd?.();
  return {
    answers: counts.answers(),
    seconds: (answeredMs - startedMs) / 1000,
    secondsToLastSuccess: Math.max(0, successMs - startedMs) / 1000,
  };
}
