/** The measures of growth, in the order of their README. */
import { engineSpeed } from './engine-speed.ts';
import { expiry } from './expiry.ts';
import { lag } from './lag.ts';
import type { Measure } from './measure.ts';
import { season } from './season.ts';
import { startTime } from './start-time.ts';
import { waiting } from './waiting.ts';

export const growthMeasures: readonly Measure[] = [engineSpeed, startTime, season, expiry, waiting, lag];
