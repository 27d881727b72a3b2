/** From a model's id to who writes the reply: the endpoints of the Config, one Provider each. */

import type { Config, Keys, Quirks } from "../config.ts";
import type { Catalogue } from "./catalogue.ts";
import { findEndpoint } from "./ids.ts";
import { type ChatOptions, createOpenAiChat } from "./openai_chat.ts";
import type { Provider } from "./provider.ts";
import { type Endpoint, endpointsOf } from "./vendors.ts";

export interface Resolved {
  provider: Provider;
  /** The id as the vendor knows it. */
  model: string;
  entry: {
    name: string;
    /** The name for people. */
    label: string;
    local: boolean;
    /** Sampling defaults of this vendor, for the request. */
    quirks: Pick<Quirks, "temperature" | "top_p">;
    /** A hotter request is refused; undefined: none is known to be. */
    max_temperature?: number;
  };
}

export interface Registry {
  /** Undefined only for an empty id, or when no endpoint at all is configured. */
  resolve(model_id: string): Resolved | undefined;
  close(): void;
}

/** `demo` answers to `demo/...`. Providers are made on first use; `close` forgets them. */
export function createRegistry(
  config: Config,
  keys: Keys,
  catalogue: Pick<Catalogue, "listed">,
  demo: Provider,
  options: Pick<ChatOptions, "fetch" | "chance" | "clock" | "connect">,
): Registry {
  const endpoints = endpointsOf(config);
  const providers = new Map<string, Provider>();

  function providerOf(endpoint: Endpoint): Provider {
    const known = providers.get(endpoint.name);
    if (known) return known;
    const { connect_timeout_ms, first_byte_timeout_ms, idle_timeout_ms } = config;
    const made = createOpenAiChat(endpoint, keys[endpoint.name] ?? "", {
      ...options,
      connect_timeout_ms,
      first_byte_timeout_ms,
      idle_timeout_ms,
    });
    providers.set(endpoint.name, made);
    return made;
  }

  return {
    resolve(model_id) {
      if (model_id.startsWith("demo/")) {
        const quirks = { temperature: 0.8, top_p: 0.95 };
        return {
          provider: demo,
          model: model_id.slice(5),
          entry: { name: "demo", label: "the built-in narrator", local: true, quirks },
        };
      }
      const found = findEndpoint(model_id, endpoints, config.main_provider, catalogue.listed());
      if (!found) return undefined;
      const { name, label, local, quirks, max_temperature } = found.endpoint;
      return {
        provider: providerOf(found.endpoint),
        model: found.model,
        entry: { name, label, local, quirks, max_temperature },
      };
    },
    close: () => providers.clear(),
  };
}
