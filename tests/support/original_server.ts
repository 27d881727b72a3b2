/**
 * The original's brain as a server, written from `original.md` B alone, with its faults: no history on connect,
 * silence on malformed commands, what arrives during a stream and for 60 ms after `chat_end` is destroyed,
 * no `chat_end` after "✗ Prepare the stage", chunks without ids. `tests/e2e` plays our face against it.
 */

const WORLDS = [{ id: "saltmarsh", name: "The Salt Marsh" }, { id: "stair", name: "The Long Stair" }];
const CHARACTERS = [{ id: "ferrier", name: "Ida the Ferrier" }, { id: "clerk", name: "The Clerk" }];
const MODELS = [{
  id: "vendor/ink-9b",
  name: "[OpenRouter] Ink 9B",
  prompt_price: 0.05,
  completion_price: 0.4,
}];
const RULES = [{ id: "gritty", name: "Gritty Realism" }];
const START = "Fog comes in over the reeds.";
/** What the original destroys after a reply: until its loop has noticed the end. */
const DEAF_MS = 60;

interface Story {
  id: string;
  world_id: string;
  character_id: string;
  title: string;
  messages: { role: string; content: string }[];
}

export interface OriginalServerOptions {
  /** Pieces of every reply. */
  reply?: string[];
  /** Milliseconds between two pieces. */
  pace_ms?: number;
}

/** A running original server; `received` is every prompt it read and kept, `destroyed` what it threw away. */
export interface OriginalServer {
  url: string;
  received: string[];
  destroyed: string[];
  close(): Promise<void>;
}

/** Starts the original on a free port of 127.0.0.1. */
export function startOriginalServer(options: OriginalServerOptions = {}): OriginalServer {
  const pieces = options.reply ?? ["The reeds ", "bend, ", "and something ", "answers."];
  const pace_ms = options.pace_ms ?? 5;
  const received: string[] = [];
  const destroyed: string[] = [];
  const sockets = new Set<WebSocket>();
  const timers = new Set<ReturnType<typeof setTimeout>>();
  // Its state is one for all clients.
  const state = {
    world_id: "",
    character_id: "",
    session_id: "",
    model: "vendor/ink-9b",
    rules: [] as string[],
  };
  const stories: Story[] = [];

  const wait = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        resolve();
      }, ms);
      timers.add(timer);
    });

  function serve(socket: WebSocket): void {
    let deaf = false;
    let cancelled = false;
    const send = (event: string, content: string, metadata: Record<string, unknown> = {}) => {
      if (socket.readyState === WebSocket.OPEN) {
        socket.send(JSON.stringify({ event, payload: { content, metadata } }));
      }
    };
    const sync = () =>
      send("sync_state", "State synchronized", {
        model: state.model,
        model_confirmed: false,
        world_id: state.world_id,
        character_id: state.character_id,
        session_id: state.session_id,
        available_worlds: WORLDS,
        available_characters: CHARACTERS,
        available_models: MODELS,
        available_rules: RULES,
        active_rules: state.rules,
        available_sessions: stories.map(({ id, world_id, character_id, title }) => ({
          id,
          name: `[${world_id}] ${character_id}: ${title.slice(0, 30)}`,
        })),
      });
    const history = (story: Story) => send("chat_history", "", { history: story.messages.slice(-50) });

    const command = (line: string) => {
      const [verb, second, third = ""] = splitTwice(line);
      const id = third.trim();
      if (verb === "/model" && second !== undefined) {
        const model = line.slice("/model ".length).trim();
        if (!MODELS.some((known) => known.id === model)) {
          return send("system_update", `Error: ${model} is not recognized.`);
        }
        state.model = model;
        return send("system_update", `Hot-swapped model to ${model}`, { model, model_confirmed: true });
      }
      if (verb === "/world" && second === "select") {
        state.world_id = id;
        send("system_update", `Active world set to ${id}`, { world_id: id });
        return sync();
      }
      if (verb === "/character" && second === "select") {
        state.character_id = id;
        send("system_update", `Active character set to ${id}`, { character_id: id });
        return sync();
      }
      if (verb === "/rules" && second === "add" && RULES.some((rule) => rule.id === id)) {
        if (!state.rules.includes(id)) state.rules.push(id);
        send("system_update", `✓ Rule '${id}' activated`, { active_rules: state.rules });
        return sync();
      }
      if (verb === "/rules" && second === "clear") {
        state.rules = [];
        send("system_update", "✓ All active rules cleared", { active_rules: [] });
        return sync();
      }
      if (verb === "/session" && second === "new") {
        if (state.world_id === "" || state.character_id === "") {
          return send("system_update", "✗ Select world/char first.");
        }
        const story: Story = {
          id: crypto.randomUUID().replaceAll("-", "").slice(0, 12),
          world_id: state.world_id,
          character_id: state.character_id,
          title: "New session",
          messages: [{ role: "assistant", content: START }],
        };
        stories.unshift(story);
        state.session_id = story.id;
        send("system_update", `✓ New session: ${story.id}`, { session_id: story.id });
        sync();
        return history(story);
      }
      if (verb === "/session" && second === "continue") {
        const story = stories.find((story) => story.id === id);
        if (story === undefined) return;
        Object.assign(state, {
          world_id: story.world_id,
          character_id: story.character_id,
          session_id: story.id,
        });
        history(story);
        return sync();
      }
      if (verb === "/session" && second === "delete") {
        const index = stories.findIndex((story) => story.id === id);
        if (index >= 0) stories.splice(index, 1);
        if (state.session_id === id) state.session_id = "";
        send("system_update", `✓ Deleted session ${id}`);
        return sync();
      }
      // Everything else: silence.
    };

    const generate = async (prompt: string) => {
      const story = stories.find((story) => story.id === state.session_id);
      if (story === undefined || state.world_id === "" || state.character_id === "") {
        return send("system_update", "✗ Prepare the stage first (World, Char, Session).");
      }
      deaf = true;
      cancelled = false;
      story.messages.push({ role: "user", content: prompt });
      let text = "";
      let count = 0;
      for (const piece of pieces) {
        await wait(pace_ms);
        if (cancelled) break;
        text += piece;
        count++;
        send("chat_chunk", piece, { model: state.model, tokens_per_second: 31.42, world_id: state.world_id });
      }
      if (cancelled) send("system_update", "✗ Stream cancelled by user.");
      send("chat_end", "", { total_tokens: count });
      story.messages.push({ role: "assistant", content: text });
      if (story.title === "New session") story.title = prompt.slice(0, 60);
      await wait(DEAF_MS);
      deaf = false;
    };

    socket.onopen = () => {
      sockets.add(socket);
      send("system_update", "✓ Engine ready.", { status: "ok" });
      sync();
    };
    socket.onclose = () => sockets.delete(socket);
    socket.onmessage = ({ data }) => {
      let prompt = String(data);
      let object = false;
      try {
        const value = JSON.parse(prompt);
        if (typeof value === "object" && value !== null && !Array.isArray(value)) {
          object = true;
          prompt = value.prompt ?? "";
        }
      } catch {
        // The whole frame is the prompt.
      }
      if (deaf) {
        if (object && prompt === "/cancel") cancelled = true;
        else destroyed.push(prompt);
        return;
      }
      received.push(prompt);
      if (prompt.startsWith("/")) command(prompt);
      else generate(prompt);
    };
  }

  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    if (new URL(request.url).pathname !== "/ws/rpc") {
      return Response.json({ detail: "Not Found" }, { status: 404 });
    }
    const { socket, response } = Deno.upgradeWebSocket(request);
    serve(socket);
    return response;
  });

  return {
    url: `ws://127.0.0.1:${server.addr.port}/ws/rpc`,
    received,
    destroyed,
    async close() {
      for (const timer of timers) clearTimeout(timer);
      const gone = [...sockets].map((socket) =>
        new Promise<void>((resolve) => {
          socket.addEventListener("close", () => resolve());
          socket.close();
        })
      );
      await Promise.all(gone);
      await server.shutdown();
    },
  };
}

/** Split on the first two single spaces, as the original's parser does: two spaces make an empty word. */
function splitTwice(line: string): string[] {
  const first = line.indexOf(" ");
  if (first < 0) return [line];
  const second = line.indexOf(" ", first + 1);
  if (second < 0) return [line.slice(0, first), line.slice(first + 1)];
  return [line.slice(0, first), line.slice(first + 1, second), line.slice(second + 1)];
}

if (import.meta.main) {
  const server = startOriginalServer({ pace_ms: Number(Deno.args[0] ?? 60) });
  console.log(JSON.stringify({ ready: true, url: server.url }));
}
