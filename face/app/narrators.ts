/** Narrators as the lists show them: what one costs, how much it reads, and how others come. */

import type { ModelItem } from "../../shared/protocol.ts";
import { NARRATOR_ID } from "../../shared/story.ts";
import { lastReply } from "../widgets/transcript.ts";
import type { Item } from "./completion.ts";
import type { Model } from "./model.ts";

const TYPICAL = { prompt: 2000, completion: 250 };

/** Nobody but the built-in narrator is there. */
export function isAlone(model: Model): boolean {
  const { models } = model.story;
  return models.length === 1 && models[0].id === NARRATOR_ID;
}

/** How others come, in three lines. */
export function connecting(model: Model): string[] {
  const there = model.whose === "" ? "" : " there";
  const config = model.whose === "" && model.home !== ""
    ? `${model.home}/config.yaml`
    : "config.yaml in its home";
  return [
    `A local server: start Ollama or LM Studio${there}, it is found by itself.`,
    `A key: set OPENROUTER_API_KEY or OPENAI_API_KEY${there}, start again.`,
    `Any other: name it under providers: in ${config}`,
  ];
}

/** All that are on offer, with the price of a reply to this story. */
export function modelItems(model: Model): Item[] {
  const usage = lastReply(model.transcript)?.usage;
  const prompt = usage !== null && usage !== undefined && usage.prompt_tokens > 0
    // Of the last request alone: several turns may have told the reply.
    ? Math.min(usage.prompt_tokens, usage.window_tokens ?? Infinity)
    : TYPICAL.prompt;
  return model.story.models.map((item) => {
    const detail = modelDetail(item, prompt);
    // Two servers may offer one model: then only the ids tell them apart.
    const twice = model.story.models.some(({ id, name }) => name === item.name && id !== item.id);
    return { id: item.id, name: twice ? item.id : item.name, detail, note: "", search: detail };
  });
}

/** `local  32k`, `about $0.002 a reply  128k`. */
export function modelDetail(item: ModelItem, prompt_tokens: number): string {
  const context = item.context > 0 ? `${short(item.context)} tokens` : "";
  const cost = (prompt_tokens * item.prompt_price + TYPICAL.completion * item.completion_price) / 1e6;
  let price = "price unknown";
  if (item.id === NARRATOR_ID) price = "built in, no AI";
  else if (item.local && cost === 0) price = "local";
  else if (item.price_known) price = cost === 0 ? "free" : `about $${money(cost)} a reply`;
  return [price, context].filter((part) => part !== "").join("  ");
}

/** One figure that says something: 0.002, 0.03, 1.20. */
export function money(dollars: number): string {
  if (dollars >= 0.995) return dollars.toFixed(2);
  return dollars.toFixed(Math.min(6, Math.max(2, -Math.floor(Math.log10(dollars)))));
}

/** 3104 -> 3.1k, 131072 -> 128k. */
export function short(count: number): string {
  // Windows of models are counted in 1,024s.
  if (count >= 1024 && count % 1024 === 0 && count < 1e6) return `${count / 1024}k`;
  if (count < 1000) return String(Math.round(count));
  if (count >= 1e6) return `${trim((count / 1e6).toFixed(1))}M`;
  return count < 10_000 ? `${trim((count / 1000).toFixed(1))}k` : `${Math.round(count / 1000)}k`;
}

const trim = (figure: string): string => figure.replace(/\.0$/, "");
