/** The load generator, a process of its own: its CPU and memory can be told from those of the bench. */
import { autocannonLoop } from './autocannon-loop.ts';
import { closedLoop, type LoopResult } from './closed-loop.ts';
import { runJourneys } from './journeys.ts';
import type { LoadJob, LoadResult, Order, Report } from './load-job.ts';
import { openLoop, type OpenLoopResult } from './open-loop.ts';
import { RequestBytes } from './request-bytes.ts';
import { requestsOf } from './request-plan.ts';

function tell(report: Report): void {
  process.send?.(report);
}

async function load(job: LoadJob, onStart: () => void, onEnd: () => void): Promise<LoopResult | OpenLoopResult> {
  if (job.type === 'journeys') return await runJourneys({ ...job, onStart, onEnd });
  const { port, connections, plan, pace } = job;
  const requestAt = requestsOf(plan);
  if (pace.type === 'closed' && pace.generator === 'autocannon') {
    return await autocannonLoop({ port, connections, count: plan.count, requestAt, onStart, onEnd });
  }
  const options = { port, connections, requests: new RequestBytes(plan.count, requestAt), onStart, onEnd };
  return pace.type === 'open' ? await openLoop({ ...options, perSecond: pace.perSecond }) : await closedLoop(options);
}

async function carryOut(job: LoadJob): Promise<LoadResult> {
  let before = process.cpuUsage();
  let took = before;
  const onStart = (): void => {
    tell({ type: 'started' });
    before = process.cpuUsage();
  };
  const onEnd = (): void => {
    took = process.cpuUsage(before);
    tell({ type: 'ended' });
  };
  const result = await load(job, onStart, onEnd);
  return { ...result, generatorCpuSeconds: (took.user + took.system) / 1e6 };
}

// What comes over the channel is what `Load` sends.
process.on('message', ({ job }: Order) => {
  carryOut(job).then(
    (result) => tell({ type: 'done', result }),
    (error: unknown) => {
      const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
      tell({ type: 'failed', reason: `${error instanceof Error ? error.message : String(error)}${cause}` });
    },
  );
});
process.on('disconnect', () => process.exit());
tell({ type: 'ready' });
