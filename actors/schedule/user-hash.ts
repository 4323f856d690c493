/** FNV-1a over UTF-16 code units, 32 bits. Part of the snapshot's format: never to be changed. */
export function userHash(userId: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < userId.length; i++) hash = Math.imul(hash ^ userId.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
