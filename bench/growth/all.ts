/** The measures of growth, in the order of their README. */
import { engineSpeed } from './engine-speed.ts';
import type { Measure } from './measure.ts';
import { season } from './season.ts';

export const growthMeasures: readonly Measure[] = [engineSpeed, season];
