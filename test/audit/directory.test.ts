/** What the real program leaves behind has no finding, at work and stopped; and every fault in its files is found. */
import assert from 'node:assert/strict';
import { copyFileSync, cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { limits } from '../../api/limits.ts';
import { auditDirectory } from '../../storage/audit/audit-directory.ts';
import type { AuditReport } from '../../storage/audit/audit-directory.ts';
import { fixedRules } from '../../storage/audit/audit-rules.ts';
import { findingCodes } from '../../storage/audit/findings.ts';
import { audit, type Ended } from './audit-command.ts';
import { directoryFaults, planted } from './directory-faults.ts';
import { firstLife, secondLife, startLife, temporaryDirectory } from './lived-directory.ts';
import { moneyFaults } from './money-faults.ts';
import { readModelFaults } from './read-model-faults.ts';
import { roomFaults } from './room-faults.ts';
import { scheduleFaults } from './schedule-faults.ts';

const lived = temporaryDirectory();
/** Copies with everything in the main files, as a backup has it: one to plant faults in, one to restore it from. */
const working = temporaryDirectory();
const sound = temporaryDirectory();
let atWork: Ended;

function audited(dataDir: string): AuditReport {
  return auditDirectory(dataDir, { ...fixedRules, seatsPerReservationMax: 8, seatsPerUserMax: 8 }, () => {});
}

function codesOf({ counts }: AuditReport): string[] {
  return Object.keys(counts).toSorted();
}

before(async () => {
  const first = await startLife(lived.path, 1);
  await firstLife(first);
  await first.stop();
  const second = await startLife(lived.path, 300);
  await secondLife(second);
  // In a process of its own: the audit and the program bring two copies of SQLite, and a file that both have open in
  // one process loses its locks when one of them closes it (https://sqlite.org/howtocorrupt.html, section 2.2.1).
  atWork = await audit(lived.path, '--json', '--max-seats-per-reservation', '8', '--max-seats-per-user', '8');
  await second.stop();
  cpSync(lived.path, sound.path, { recursive: true });
  for (const file of ['journal.db', 'state.db', 'read-model.db'] as const) {
    planted(sound.path, file, (db) => db.pragma('wal_checkpoint(TRUNCATE)'));
  }
  cpSync(sound.path, working.path, { recursive: true });
});
after(() => {
  for (const directory of [lived, working, sound]) directory.remove();
});

describe('an audit of a directory that the program has made', () => {
  it('finds nothing while the program runs', () => {
    assert.equal(atWork.code, 0, atWork.stdout + atWork.stderr);
    // What the command prints as JSON is its report.
    const report = JSON.parse(atWork.stdout) as AuditReport;
    assert.deepEqual(report.findings, []);
    assert.ok(report.events > 40, String(report.events));
  });

  it('finds nothing once it is stopped, and has compared every snapshot, key and row', () => {
    const report = audited(lived.path);
    assert.deepEqual(report.findings, []);
    assert.equal(report.completeThrough, report.lastBatch);
    assert.equal(report.readModelThrough, report.lastBatch);
    // Two lines, three rooms and lines of them, two schedules, two wallets, the catalog.
    assert.ok(report.snapshots >= 9, String(report.snapshots));
    assert.ok(report.keyRows >= 9, String(report.keyRows));
    assert.ok(report.readModelRows > 40, String(report.readModelRows));
  });

  it('checks the bounds that the program has', () => {
    assert.equal(fixedRules.keyTtlMs, limits.keyTtlMs);
    assert.equal(fixedRules.endedReservationsMax, limits.endedReservationsMax);
    assert.equal(fixedRules.balanceMax, limits.balanceMax);
  });

  it('leaves no file behind where everything is in the main files', () => {
    const files = readdirSync(working.path);
    assert.deepEqual(audited(working.path).findings, []);
    assert.deepEqual(readdirSync(working.path), files);
  });

  it('says that it cannot audit where there is no journal', () => {
    const nothing = join(lived.path, 'nothing');
    mkdirSync(nothing);
    assert.throws(() => audited(nothing), /holds no journal\.db/);
  });

  for (const file of ['state.db', 'read-model.db'] as const) {
    it(`says that ${file} is of an earlier version, and what to do`, () => {
      const path = join(working.path, file);
      try {
        planted(working.path, file, (db) => db.pragma('user_version = 1'));
        assert.throws(() => audited(working.path), /was made by an earlier version: start the program/);
      } finally {
        for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
        copyFileSync(join(sound.path, file), path);
      }
    });
  }

  for (const { name, code, where, file, plant, also = [] } of [...directoryFaults, ...readModelFaults]) {
    it(`finds ${name}`, () => {
      const path = join(working.path, file);
      try {
        planted(working.path, file, plant);
        const report = audited(working.path);
        const found = report.findings.filter((finding) => finding.code === code);
        assert.ok(found.length > 0, `not ${code} but ${JSON.stringify(report.findings)}`);
        assert.match(found[0]?.where ?? '', where);
        assert.deepEqual(codesOf(report), [code, ...also].toSorted(), JSON.stringify(report.findings));
      } finally {
        for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
        copyFileSync(join(sound.path, file), path);
      }
    });
  }

  it('has a planted fault for every code', () => {
    const inJournals = [...scheduleFaults, ...moneyFaults, ...roomFaults];
    const planted = [...inJournals, ...directoryFaults, ...readModelFaults].map(({ code }) => code);
    // Planted in the test of journals, without a table.
    const missing = Object.keys(findingCodes).filter((code) => ![...planted, 'batch-gap'].includes(code));
    assert.deepEqual(missing, []);
  });
});
