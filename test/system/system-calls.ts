/** What `strace -f -ttt -y` wrote of a process, as the beginnings and ends of its system calls in their order. */

export interface SystemCall {
  readonly name: string;
  /** What its first argument, a file descriptor, stands for: a path, or `socket:[…]`, or `TCP:[…]`. */
  readonly target: string;
  /** The arguments as strace prints them; bytes that are no text are escaped. */
  readonly args: string;
  /** Number of the line on which it was entered. */
  readonly begins: number;
  /** Of the line on which it returned: the thread goes on only after that. Infinity when it never did. */
  readonly ends: number;
  /** What it returned, negative for an error. */
  readonly result: number;
}

const whole = /^(\d+) +[\d.]+ (\w+)\(\d+<((?:[^>\\]|\\.|->)*)>(.*)\) += (-?\d+)/;
const unfinished = /^(\d+) +[\d.]+ (\w+)\(\d+<((?:[^>\\]|\\.|->)*)>(.*) <unfinished \.\.\.>$/;
const resumed = /^(\d+) +[\d.]+ <\.\.\. (\w+) resumed>.*\) += (-?\d+)/;

/** The calls whose first argument is an open file, in the order in which they were entered. */
export function systemCallsIn(trace: string): SystemCall[] {
  const calls: SystemCall[] = [];
  /** By thread, where in `calls` its unfinished one stands. */
  const open = new Map<string, number>();
  for (const [line, text] of trace.split('\n').entries()) {
    const complete = whole.exec(text);
    if (complete !== null) {
      const [, , name = '', target = '', args = '', result = ''] = complete;
      calls.push({ name, target, args, begins: line, ends: line, result: Number(result) });
      continue;
    }
    const begun = unfinished.exec(text);
    if (begun !== null) {
      const [, thread = '', name = '', target = '', args = ''] = begun;
      open.set(thread, calls.length);
      calls.push({ name, target, args, begins: line, ends: Infinity, result: -1 });
      continue;
    }
    const ended = resumed.exec(text);
    if (ended === null) continue;
    const [, thread = '', , result = ''] = ended;
    const index = open.get(thread);
    const call = index === undefined ? undefined : calls[index];
    open.delete(thread);
    if (index !== undefined && call !== undefined) calls[index] = { ...call, ends: line, result: Number(result) };
  }
  return calls;
}
