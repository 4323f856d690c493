/**
 * How long anything may take before the storm calls it stuck, ms. A machine that others use, too, may need many times
 * what a quiet one does, and being late is not being lost.
 */
export const patienceMs = 120_000;
