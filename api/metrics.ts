/**
 * What operators watch, in the registry of one app. Labels are names of the program (routes, commands, codes), never
 * ids, tokens or keys, so their number is bounded.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { watchEventLoop } from './event-loop-delay.ts';

const latencySeconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const batchTurns = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 4096];

/** Read when Prometheus asks. */
export interface GaugeSources {
  readonly waitingCommands: () => number;
  /** Batches that the read model is behind. */
  readonly readModelLag: () => number;
  /** Per room. */
  readonly rooms: () => readonly { readonly room: string; readonly active: number; readonly waiting: number }[];
}

export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  /** Counts the answered requests of one route, a pattern such as `/v1/reservations/{id}`. */
  requestsOf(method: string, route: string): (status: number, seconds: number) => void;
  /** One answered command; `outcome` is `accepted`, `replayed` or the code of the refusal. */
  observeCommand(name: string, outcome: string, seconds: number): void;
  /** One request or durable command over NATS: `cmd-hold`, `query-seats`, `do-pay` …, and what became of it. */
  observeService(name: string, outcome: string, seconds: number): void;
  /** One durable batch: its turns, and how long its commit took. */
  observeBatch(turns: number, seconds: number): void;
  /** By how much the event loop was late at the last look, ms; 0 before `watch`. */
  loopLateMs(): number;
  /** Adds a gauge whose value is read when Prometheus asks. */
  gauge(name: string, help: string, read: () => number): void;
  /** Where the gauges of the engine and the rooms come from; called once, when these are there. */
  watch(sources: GaugeSources): void;
  /** Counts the streams that are open. */
  streams(open: number): void;
  close(): void;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'onsale_' });

  const { requests, commands, services, batches, commits, turns, streamsOpen } = seriesIn([registry]);
  const loop = watchEventLoop((name, help, read) => addGauge(registry, name, help, read));
  const routes = new Known<string, (status: number, seconds: number) => void>();
  const commandSeries = new Known<string, Known<string, Histogram.Internal<string>>>();
  const serviceSeries = new Known<string, Known<string, Histogram.Internal<string>>>();

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    requestsOf(method, route) {
      return routes.of(`${method} ${route}`, () => {
        const ofRoute = new Known<number, Histogram.Internal<string>>();
        return (status, seconds) =>
          ofRoute.of(status, () => requests.labels(method, route, `${status}`)).observe(seconds);
      });
    },
    observeCommand(command, outcome, seconds) {
      const ofCommand = commandSeries.of(command, () => new Known());
      ofCommand.of(outcome, () => commands.labels(command, outcome)).observe(seconds);
    },
    observeService(name, outcome, seconds) {
      const ofService = serviceSeries.of(name, () => new Known());
      ofService.of(outcome, () => services.labels(name, outcome)).observe(seconds);
    },
    observeBatch(turnCount, seconds) {
      batches.observe(turnCount);
      commits.observe(seconds);
      turns.inc(turnCount);
    },
    loopLateMs: () => loop.lateMs(),
    gauge: (name, help, read) => addGauge(registry, name, help, read),
    watch(sources) {
      addSources(registry, sources);
      loop.start();
    },
    streams: (open) => streamsOpen.set(open),
    close: () => loop.close(),
  };
}

function seriesIn(registers: Registry[]) {
  return {
    requests: new Histogram({
      name: 'onsale_http_request_duration_seconds',
      help: 'HTTP requests by route and status, from the first look at them to the answer',
      labelNames: ['method', 'route', 'status'] as const,
      buckets: latencySeconds,
      registers,
    }),
    commands: new Histogram({
      name: 'onsale_command_duration_seconds',
      help: 'Commands by outcome, from arrival at the engine to the released answer',
      labelNames: ['command', 'outcome'] as const,
      buckets: latencySeconds,
      registers,
    }),
    services: new Histogram({
      name: 'onsale_nats_duration_seconds',
      help: 'Requests and durable commands over NATS by outcome, from arrival to the reply or the ack',
      labelNames: ['name', 'outcome'] as const,
      buckets: latencySeconds,
      registers,
    }),
    batches: new Histogram({
      name: 'onsale_batch_turns',
      help: 'Turns in one durable batch',
      buckets: batchTurns,
      registers,
    }),
    commits: new Histogram({
      name: 'onsale_commit_duration_seconds',
      help: 'Time to make one batch durable',
      buckets: latencySeconds,
      registers,
    }),
    turns: new Counter({ name: 'onsale_turns_total', help: 'Turns made durable', registers }),
    streamsOpen: new Gauge({ name: 'onsale_queue_streams', help: 'Open streams of queue events', registers }),
  };
}

/** Keeps what a label leads to: looking it up in the registry, or joining labels to one text, takes longer than counting. */
class Known<Label, Value> {
  readonly #values = new Map<Label, Value>();

  of(label: Label, find: () => Value): Value {
    const known = this.#values.get(label);
    if (known !== undefined) return known;
    const found = find();
    this.#values.set(label, found);
    return found;
  }
}

function addGauge(registry: Registry, name: string, help: string, read: () => number): void {
  // The registry keeps the gauge.
  void new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}

function addSources(registry: Registry, sources: GaugeSources): void {
  addGauge(registry, 'onsale_waiting_commands', 'Client commands not yet answered', sources.waitingCommands);
  addGauge(registry, 'onsale_read_model_lag_batches', 'Batches the read model is behind', sources.readModelLag);
  const people = [
    ['onsale_sessions', 'Live queue sessions by room', 'active'],
    ['onsale_people_waiting', 'People waiting in line by room', 'waiting'],
  ] as const;
  for (const [name, help, field] of people) {
    void new Gauge({
      name,
      help,
      labelNames: ['room'] as const,
      registers: [registry],
      collect() {
        this.reset();
        for (const report of sources.rooms()) this.set({ room: report.room }, report[field]);
      },
    });
  }
}
