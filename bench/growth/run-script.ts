/** Runs one of the project's own commands to its end, as `npm run` would. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ScriptRun {
  readonly output: string;
  readonly seconds: number;
}

/** Throws with its output when the script does not exit 0, or not in time. */
export async function runScript(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  withinMs: number,
): Promise<ScriptRun> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [script, ...args], {
    cwd: new URL('../..', import.meta.url).pathname,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const killNow = (): void => void child.kill('SIGKILL');
  process.once('exit', killNow);
  const late = setTimeout(killNow, withinMs);
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (output += String(chunk)));
  await once(child, 'close');
  clearTimeout(late);
  process.off('exit', killNow);
  if (child.exitCode !== 0) throw new Error(`${script} did not end well (${child.exitCode}):\n${output.slice(-4_000)}`);
  return { output, seconds: (performance.now() - startedMs) / 1000 };
}
