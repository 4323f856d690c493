/** Work that need not wait: a promise only where there is something to wait for, because each one costs a turn of the loop. */

export type Awaitable<Value> = Value | Promise<Value>;

/** `onward` of the value: at once where it is there. What `onward` throws, the caller gets as from a call, or as a rejection. */
export function chain<Value, Result>(
  value: Awaitable<Value>,
  onward: (value: Value) => Awaitable<Result>,
): Awaitable<Result> {
  return value instanceof Promise ? value.then((known) => onward(known)) : onward(value);
}
