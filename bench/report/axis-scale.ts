/** From values to places on a plot, and the values that stand at its axis. */
import type { Scale } from './section.ts';

export interface AxisScale {
  readonly ticks: readonly number[];
  /** Of a value, px. */
  readonly at: (value: number) => number;
}

export interface AxisSpan {
  readonly scale: Scale;
  readonly values: readonly number[];
  /** px; `to` may be less than `from`, as it is on the way up. */
  readonly from: number;
  readonly to: number;
  /** Ticks stand at these values instead of round ones. */
  readonly ticks?: readonly number[];
}

const ticksWanted = 5;

/** A linear axis begins at 0, so that lengths may be compared; a logarithmic one cannot, and shows decades. */
export function axisScale({ scale, values, from, to, ticks }: AxisSpan): AxisScale {
  const finite = values.filter((value) => Number.isFinite(value) && (scale === 'linear' || value > 0));
  const high = Math.max(...finite, Number.MIN_VALUE);
  if (scale === 'linear') {
    const step = niceStep((high <= Number.MIN_VALUE ? 1 : high) / ticksWanted);
    const count = Math.max(1, Math.ceil(high / step - 1e-9));
    const end = ticks === undefined ? count * step : high;
    const round = Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
    return { ticks: ticks ?? round, at: (value) => from + ((to - from) * value) / end };
  }
  const { low, top } = decadesOf(finite, ticks !== undefined);
  const span = Math.log10(top / low) || 1;
  return {
    ticks: ticks ?? logTicks(low, top),
    at: (value) => from + ((to - from) * Math.log10(Math.max(value, low) / low)) / span,
  };
}

/** 1, 2 or 5 times a power of ten, not below `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((each) => each * power >= least * (1 - 1e-9)) ?? 10;
  return factor * power;
}

function decadesOf(values: readonly number[], exact: boolean): { low: number; top: number } {
  const least = Math.min(...values);
  const most = Math.max(...values);
  if (values.length === 0) return { low: 1, top: 10 };
  if (exact) return { low: least, top: Math.max(most, least * 1.0001) };
  const low = floorOf(least);
  return { low, top: Math.max(ceilingOf(most), low * 2) };
}

/** The next of 1, 2, 5, 10 … below and above. */
function floorOf(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([5, 2, 1].find((factor) => factor * power <= value * (1 + 1e-9)) ?? 1) * power;
}

function ceilingOf(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((factor) => factor * power >= value * (1 - 1e-9)) ?? 10) * power;
}

function logTicks(low: number, top: number): number[] {
  const decades = Math.log10(top / low);
  const factors = decades > 3 ? [1] : decades > 1.5 ? [1, 3] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = 10 ** Math.floor(Math.log10(low)); power <= top * (1 + 1e-9); power *= 10) {
    for (const factor of factors) {
      const tick = Number((factor * power).toPrecision(6));
      if (tick >= low * (1 - 1e-9) && tick <= top * (1 + 1e-9)) ticks.push(tick);
    }
  }
  return ticks;
}
