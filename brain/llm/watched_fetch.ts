/** What a vendor answers, byte by byte, before the SDK makes chunks of it. */
import type { Attempt } from "./attempt.ts";
import { quote } from "./failures.ts";
import { ProviderError } from "./provider.ts";
import type { Endpoint } from "./vendors.ts";

/** No frame of a chat stream is this long; without a limit the SDK would collect a line for ever. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

/**
 * A fetch for the SDK that feeds the watchdog with bytes (`touch`) and notices what the SDK cannot: a web page for an
 * answer, an endless line. The SDK ends an answer early; `rest` is given what reads on to its real end, and `signal`
 * alone ends the connection. Throws ProviderError.
 */
export function watchedFetch(
  ask: typeof fetch,
  endpoint: Endpoint,
  touch: () => void,
  attempt: Attempt,
  { signal, rest }: { signal: AbortSignal; rest(read: () => Promise<void>): void },
): typeof fetch {
  return async (input, init) => {
    // Our signal: the SDK aborts its own at [DONE], and the connection with it.
    // Not followed: a 301 would turn the request into a GET, and another host was not chosen by the player.
    const response = await ask(input, { ...init, signal, redirect: "manual" });
    touch();
    const onward = response.headers.get("location") ?? "";
    if (response.status >= 300 && response.status < 400 && URL.canParse(onward, endpoint.base_url)) {
      await response.body?.cancel();
      const { origin, pathname } = new URL(onward, endpoint.base_url);
      throw new ProviderError(
        "protocol",
        `${endpoint.label} sends requests on to ${
          quote(origin + pathname, "")
        }: if that is the right place, write its address into config.yaml.`,
      );
    }
    if (response.ok && /html/.test(response.headers.get("content-type") ?? "")) {
      await response.body?.cancel();
      throw new ProviderError(
        "protocol",
        `${endpoint.label} answered with a web page: the address in config.yaml should end where its API begins, often in /v1.`,
      );
    }
    if (response.ok && !response.body) {
      throw new ProviderError(
        "protocol",
        `${endpoint.label} answered with nothing at all (status ${response.status}). Your line is kept.`,
      );
    }
    if (!response.body || !response.ok) return response;
    let line_bytes = 0;
    const reader = response.body.getReader();
    // Deno's own abort reaches a body that is being read only sometimes, and then nobody would ever end this one.
    const giveUp = () => void reader.cancel().catch(() => {});
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
    rest(async () => {
      while (!(await reader.read()).done);
    });
    // Whoever cancels it leaves the body as it is: for the rest to be read, or to be aborted.
    const watched = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value: bytes } = await reader.read();
        if (done) return controller.close();
        touch();
        const end = bytes.lastIndexOf(10);
        line_bytes = end < 0 ? line_bytes + bytes.length : bytes.length - end - 1;
        attempt.ended_in_frame = line_bytes > 0;
        if (line_bytes <= MAX_LINE_BYTES) return controller.enqueue(bytes);
        const message = `${endpoint.label} sent a line without an end. Your line is kept.`;
        controller.error(new ProviderError("protocol", message));
      },
    });
    const { status, statusText, headers } = response;
    return new Response(watched.pipeThrough(asEvents()), { status, statusText, headers });
  };
}

/**
 * Some servers do not stream whatever they are asked, and some tell an error as a plain answer with status 200: a body
 * that begins with `{` is one JSON object, and is passed on as the one event that it stands for.
 */
function asEvents(): TransformStream<Uint8Array, Uint8Array> {
  let begun = false;
  let whole: string | null = null;
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  return new TransformStream({
    transform(bytes, controller) {
      const first = begun ? undefined : bytes.find((byte) => byte > 32);
      if (first !== undefined) {
        begun = true;
        if (first === 123) whole = "";
      }
      if (whole === null) return controller.enqueue(bytes);
      whole += decoder.decode(bytes, { stream: true });
      if (whole.length > MAX_LINE_BYTES) {
        controller.error(new ProviderError("protocol", "The answer has no end. Your line is kept."));
      }
    },
    flush(controller) {
      if (whole === null) return;
      // In one line: an event ends with the first empty one.
      controller.enqueue(encoder.encode(`data: ${whole.replace(/\s*\n\s*/g, " ")}\n\ndata: [DONE]\n\n`));
    },
  });
}
