/** Who can be put under load, in the order in which they take turns. A new contender is one more entry. */
import type { Contender } from '../contender.ts';
import { nullHandler } from './null.ts';
import { onsale, onsaleNats } from './onsale.ts';
import { peers } from './peers/all.ts';

export const allContenders: readonly Contender[] = [nullHandler, onsale, onsaleNats, ...peers];
