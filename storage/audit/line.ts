/** The engine's own lines: places are drawn in order, a user in line has one, and people go when they are dealt with. */
import type { LineEvent } from '../../actors/line/messages.ts';
import type { Findings } from './findings.ts';

export interface AuditedLine {
  epoch: string | null;
  lastPlace: number;
  /** In order of place. */
  readonly userAt: Map<number, string>;
  readonly placeOf: Map<string, number>;
}

export class LineAudit {
  readonly lines = new Map<string, AuditedLine>();
  readonly #findings: Findings;
  /** Through which place the room has dealt with everyone of the line. */
  readonly #takenThrough: (room: string, epoch: string) => number;

  constructor(findings: Findings, takenThrough: (room: string, epoch: string) => number) {
    this.#findings = findings;
    this.#takenThrough = takenThrough;
  }

  event(room: string, event: LineEvent): void {
    const line = this.#line(room);
    switch (event.type) {
      case 'LineStarted':
        if (line.epoch !== null) this.#findings.add('line-order', `it is started again as ${event.epoch}`);
        line.epoch = event.epoch;
        return;
      case 'LineJoined': {
        const { place, userId, epoch } = event;
        const other = line.placeOf.get(userId);
        if (place !== line.lastPlace + 1) this.#findings.add('line-order', `place ${place} after ${line.lastPlace}`);
        if (other !== undefined) this.#findings.add('line-order', `${userId} has place ${other} and gets ${place}`);
        if (epoch !== line.epoch)
          this.#findings.add('line-order', `${userId} joins ${epoch}, the line is ${line.epoch}`);
        line.lastPlace = place;
        line.userAt.set(place, userId);
        line.placeOf.set(userId, place);
        return;
      }
      case 'LineLeft':
        if (!line.userAt.has(event.place))
          this.#findings.add('line-order', `nobody stands at ${event.place}, who left`);
        return this.#forget(line, event.place);
      case 'LineSettled': {
        const dealtWith = this.#takenThrough(room, line.epoch ?? '');
        if (event.through > dealtWith) {
          const what = `everyone through ${event.through} is taken out, dealt with are those through ${dealtWith}`;
          this.#findings.add('line-settled-early', what);
        }
        for (const place of line.userAt.keys()) {
          if (place > event.through) return;
          this.#forget(line, place);
        }
      }
    }
  }

  #forget(line: AuditedLine, place: number): void {
    const userId = line.userAt.get(place);
    if (userId === undefined) return;
    line.userAt.delete(place);
    line.placeOf.delete(userId);
  }

  #line(room: string): AuditedLine {
    const known = this.lines.get(room);
    if (known !== undefined) return known;
    const line: AuditedLine = { epoch: null, lastPlace: 0, userAt: new Map(), placeOf: new Map() };
    this.lines.set(room, line);
    return line;
  }
}
