/** The command as an operator runs it: in a process of its own. */
import { execFile } from 'node:child_process';

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const root = new URL('../..', import.meta.url).pathname;
const outputBytesMax = 64 * 1024 * 1024;

export function audit(...args: readonly string[]): Promise<Ended> {
  return runAudit(args, 60_000);
}

/** @param timeoutMs when it is ended, however far it is; 0 for never */
export function runAudit(args: readonly string[], timeoutMs: number): Promise<Ended> {
  const command = ['storage/audit.ts', ...args];
  const options = { cwd: root, timeout: timeoutMs, maxBuffer: outputBytesMax };
  return new Promise((resolve) => {
    execFile(process.execPath, command, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}
