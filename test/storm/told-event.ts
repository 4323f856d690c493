/** A public event as `npm run export` prints it, and the lines of one such print. */

export interface ToldEvent {
  readonly id: string;
  /** `schedule.seats-held` */
  readonly type: string;
  /** `schedule/s1` */
  readonly subject: string;
  readonly atMs: number;
  /** The client's key, or an id that the engine made. */
  readonly commandId: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const typePrefix = 'onsale.v1.';

export function toldEvent(line: string): ToldEvent {
  // The shape is that of the contract (structured CloudEvents); a wrong one fails in what is compared.
  const { id, type, subject, time, commandid, data } = JSON.parse(line) as Readonly<Record<string, string>> & {
    readonly data: ToldEvent['data'];
  };
  return {
    id: id ?? '',
    type: type?.slice(typePrefix.length) ?? '',
    subject: subject ?? '',
    atMs: Date.parse(time ?? ''),
    commandId: commandid ?? '',
    data,
  };
}

/** Number of the batch that holds an event: `<journalId>-<batch>-<index>`. */
export function batchOf(id: string): number {
  return Number(id.split('-').at(-2));
}
