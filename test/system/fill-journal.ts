/**
 * A program for the test of start times: the real one, told in process to charge wallets until its journal holds as many
 * events as its first argument says. In process that is faster than any door, so the follower is given time to come up
 * with the journal before the last burst, which it may be behind by as it would be under full load. Says `filled` when
 * all of it is durable, then waits to be killed.
 */
import { until } from '../until.ts';
import { chargeInTurn, startInside } from './inside.ts';

const eventsWanted = Number(process.argv[2]);
const wallets = 20_000;
/** One second of full load. */
const lastBurst = 20_000;
/** Commands under way at once, below the bound of waiting ones. */
const atOnce = 1_000;

const { engine, url } = await startInside();

async function chargeFrom(first: number, end: number): Promise<void> {
  for (let done = first; done < end; done += atOnce) {
    await Promise.all(Array.from({ length: atOnce }, (_, index) => chargeInTurn(engine, done + index, wallets)));
  }
}

async function followerIsUp(): Promise<boolean> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const lag = /^onsale_read_model_lag_batches (\d+)/m.exec(metrics)?.[1];
  if (lag === undefined) throw new Error('the metric onsale_read_model_lag_batches is missing');
  return Number(lag) === 0;
}

await chargeFrom(0, eventsWanted - lastBurst);
await until('the follower has come up with the journal', followerIsUp, 120_000, 50);
await chargeFrom(eventsWanted - lastBurst, eventsWanted);
process.stdout.write(`${JSON.stringify({ msg: 'filled', events: eventsWanted, batch: engine.durableBatch })}\n`);
setInterval(() => {}, 1_000);
