/** JSON of an answer, read as long as it is no flood: a server of the config is trusted with stories, not with our memory. */

/** OpenRouter's list, the longest there is, has about 1 MB. */
const MAX_BYTES = 8 * 1024 * 1024;

/** Throws RangeError above `max_bytes` and takes no more of it, SyntaxError where it is no JSON. */
export async function boundedJson(response: Response, max_bytes = MAX_BYTES): Promise<unknown> {
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = "";
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    // Leaving the loop cancels the body.
    if (bytes > max_bytes) throw new RangeError(`more than ${max_bytes} bytes came`);
    text += decoder.decode(piece, { stream: true });
  }
  return JSON.parse(text + decoder.decode());
}
