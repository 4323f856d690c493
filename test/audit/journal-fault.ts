/** A fault in the journal of the small sale, with what an audit must find of it and where. */
import type { FindingCode } from '../../storage/audit/findings.ts';
import type { SmallSale } from './small-sale.ts';

export interface JournalFault {
  readonly name: string;
  readonly code: FindingCode;
  /** What happens in the batch that is named; null when the finding names no batch. */
  readonly at: string | null;
  readonly plant: (sale: SmallSale) => SmallSale;
  /** Codes that this fault cannot but bring with it. */
  readonly also?: readonly FindingCode[];
}
