/**
 * The storm: rounds of load on real processes, each with one blow, each followed by a comparison of all that was
 * acknowledged with all that is there. One data directory for all rounds.
 */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryDataDir } from '../system/program.ts';
import { seeded } from '../system/seeded.ts';
import { audit } from './auditor.ts';
import { blowsOf, type Blow, type BlowKind } from './blows.ts';
import type { Finding } from './finding.ts';
import type { LoadCounts } from './load-messages.ts';
import { LoadProcess } from './load-process.ts';
import { lostLineText } from '../../api/nats/line-room.ts';
import { countBlows, countFindings, recoveriesOf, type AuditCounts, type StormReport } from './report.ts';
import { Servers } from './servers.ts';

const auditEvery = 5;

export interface StormOptions {
  readonly rounds: number;
  readonly seed: string;
  /** Those of `npm run storm` when it is not said. */
  readonly kinds?: readonly BlowKind[];
  /** Leave the data where it is, whatever comes. */
  readonly keep: boolean;
  /** Ends the storm at once; what it was about to compare is not compared. */
  readonly stopped: AbortSignal;
  readonly onRound: (done: RoundDone) => void;
}

export interface RoundDone {
  readonly blow: Blow;
  readonly recoveredMs: number | null;
  readonly tookMs: number;
  readonly findings: readonly Finding[];
  readonly load: LoadCounts | null;
  /** Null where this round was not to be audited. */
  readonly audit: string | null;
}

/** Rejects when it cannot be carried out at all; what it finds is in the report. */
export async function runStorm(options: StormOptions): Promise<StormReport> {
  const dataDir = temporaryDataDir();
  const startedMs = performance.now();
  const storm = new Storm(dataDir.path, options);
  let failed = true;
  try {
    // The processes are ended at once: a round that was interrupted says nothing.
    await Promise.race([storm.run(), once(options.stopped, 'abort')]);
    failed = storm.findings.length > 0;
  } finally {
    await storm.close(options.keep || failed);
    if (!options.keep && !failed) dataDir.remove();
  }
  return storm.report(performance.now() - startedMs, options.keep || failed);
}

class Storm {
  readonly findings: Finding[] = [];
  readonly #options: StormOptions;
  readonly #dataDir: string;
  readonly #kinds: BlowKind[] = [];
  readonly #recoveredMs: number[] = [];
  readonly #audits: AuditCounts = { done: 0, findings: 0, batches: 0, events: 0 };
  #servers: Servers | null = null;
  #load: LoadProcess | null = null;
  #counts: LoadCounts | null = null;
  #roundsDone = 0;

  constructor(dataDir: string, options: StormOptions) {
    this.#dataDir = dataDir;
    this.#options = options;
  }

  async run(): Promise<void> {
    const { seed, rounds, kinds } = this.#options;
    const servers = await Servers.start(this.#dataDir, seeded(`${seed}-ports-${process.pid}`));
    this.#servers = servers;
    const { port, nats } = servers;
    this.#load = await LoadProcess.start({ dataDir: this.#dataDir, port, natsUrl: nats.url, seed });
    for (const blow of blowsOf(seed, rounds, kinds)) {
      await this.#round(servers, this.#load, blow, blow.round === rounds);
      // What is wrong once stays wrong: the first round that finds something is the one to look at.
      if (this.findings.length > 0) return;
    }
  }

  /** Ends every process. With `keep` the last words of the engine are left beside its data. */
  async close(keep: boolean): Promise<void> {
    const servers = this.#servers;
    await this.#load?.kill();
    await servers?.close(keep);
    if (!keep || servers === null) return;
    mkdirSync(this.#dataDir, { recursive: true });
    writeFileSync(join(this.#dataDir, 'engine-output.log'), servers.output);
    writeFileSync(join(this.#dataDir, 'findings.json'), JSON.stringify(this.findings, null, 2));
  }

  report(elapsedMs: number, kept: boolean): StormReport {
    const { seed, rounds } = this.#options;
    return {
      seed,
      roundsWanted: rounds,
      roundsDone: this.#roundsDone,
      elapsedMs: Math.round(elapsedMs),
      load: this.#counts,
      ...countBlows(this.#kinds),
      recoveries: recoveriesOf(this.#recoveredMs),
      ...countFindings(this.findings),
      audits: this.#audits,
      findings: this.findings,
      kept: kept ? [this.#dataDir, ...(this.#servers === null ? [] : [this.#servers.nats.directory])] : [],
    };
  }

  async #round(servers: Servers, load: LoadProcess, blow: Blow, last: boolean): Promise<void> {
    const startedMs = performance.now();
    await load.go(blow.round);
    await sleep(blow.afterMs);
    const recoveredMs = await this.#strike(servers, blow);
    // What does not come back can be asked nothing.
    if (this.findings.length > 0) return;
    await sleep(blow.loadOnMs);
    const { findings, counts } = await load.settle(last);
    if (servers.gaveLineUp) this.findings.push({ code: 'lost-line', what: lostLineText });
    this.findings.push(...findings);
    this.#counts = counts;
    const ended = servers.endedByItself();
    if (ended !== null) {
      const what = `the engine ended with ${ended.code ?? ended.signal}`;
      this.findings.push({ code: 'ended-by-itself', what, entry: ended.output.slice(-2_000) });
    }
    const isDue = last || blow.round % auditEvery === 0;
    const said = isDue && ended === null ? await this.#audit(servers, blow, last) : null;
    this.#roundsDone += 1;
    const tookMs = performance.now() - startedMs;
    this.#options.onRound({ blow, recoveredMs, tookMs, findings: this.findings, load: counts, audit: said });
  }

  async #strike(servers: Servers, blow: Blow): Promise<number | null> {
    this.#kinds.push(blow.kind);
    try {
      const recoveredMs = await servers.strike(blow);
      if (recoveredMs !== null) this.#recoveredMs.push(recoveredMs);
      return recoveredMs;
    } catch (error) {
      this.findings.push({
        code: 'stuck',
        what: `${blow.kind}: ${String(error)}`,
        entry: servers.output.slice(-2_000),
      });
      return null;
    }
  }

  /** Of the directory as a kill leaves it: one more, of an engine that nobody asks anything. */
  async #audit(servers: Servers, { holdTtlSeconds }: Blow, last: boolean): Promise<string> {
    await servers.killEngine();
    const audited = await audit(this.#dataDir);
    if (!last) await servers.startEngine(holdTtlSeconds);
    switch (audited.type) {
      case 'clean':
        this.#audits.done += 1;
        this.#audits.batches = audited.batches;
        this.#audits.events = audited.events;
        return 'audit: clean';
      case 'found':
        this.#audits.done += 1;
        this.#audits.findings += audited.findings.length;
        for (const entry of audited.findings)
          this.findings.push({ code: 'audit', what: 'a finding of the auditor', entry });
        return `audit: ${audited.findings.length} findings`;
      case 'failed':
        this.findings.push({ code: 'audit', what: `the auditor could not audit: ${audited.why}` });
        return 'audit: FAILED';
    }
  }
}
