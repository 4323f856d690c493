/**
 * What becomes of a stream that ends before a place that somebody had: the server has forgotten its newest messages, as
 * after a power loss. Those people are gone from the line, but the next ones must not be given their places: whoever had
 * read that far would pass them over, and two tokens would name one turn. So what is missing is drawn again, by messages
 * on which nobody stands (see `line-anchor.ts`).
 */
import type { NatsLink } from './connection.ts';
import { deletePlace, drawPlace, type LineStream } from './line-stream.ts';

/** Requests under way at once. */
const atOnce = 256;

/**
 * Draws every place above `lastPlace`, which is the stream's last one, up to `through`, and leaves only the last message
 * standing. Returns the last place drawn: people who join meanwhile draw, too. Rejects when it cannot be finished; doing it
 * again goes on from where the stream ends then.
 */
export async function drawThrough(
  link: Pick<NatsLink, 'use'>,
  stream: LineStream,
  lastPlace: number,
  through: number,
): Promise<number> {
  let last = lastPlace;
  let standing: number | null = null;
  while (last < through) {
    const from = last;
    const subjects = Array.from({ length: Math.min(atOnce, through - from) }, (_, i) => stream.anchorSubject(from + i));
    const drawn = await Promise.all(subjects.map((subject) => draw(link, stream, subject)));
    const needless = standing === null ? drawn : [standing, ...drawn];
    last = standing = Math.max(...drawn);
    // What stands last goes only once another one stands: see `line-anchor.ts`.
    const gone = needless.filter((place) => place !== last);
    await Promise.all(gone.map((place) => link.use(({ jsm }) => deletePlace(jsm, stream, place))));
  }
  return last;
}

async function draw(link: Pick<NatsLink, 'use'>, stream: LineStream, subject: string): Promise<number> {
  const place = await link.use(({ nc }) => drawPlace(nc, stream, subject));
  if (place === null) throw new Error(`a message stands on ${subject}, which nobody had used`);
  return place;
}
