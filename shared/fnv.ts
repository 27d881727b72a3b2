/** One number for a text, the same on every machine. */

/**
 * FNV-1a, 32 bits: 0 to 2^32 - 1. It reads UTF-16 units where the original reads bytes. Texts with a common beginning sort
 * alike: mix it once more before sorting by it. Source: http://www.isthe.com/chongo/tech/comp/fnv/
 */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
