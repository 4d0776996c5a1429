// The language of the screen: Chinese first, English by a switch; remembered.
import { computed, ref, watchEffect } from "vue";
import type { LocalizedText } from "../gen/huizong/v1/problem_pb";
import type { Word } from "./words";

export type Language = "zh" | "en";

const KEY = "huizong.language";

export const language = ref<Language>(globalThis.localStorage?.getItem(KEY) === "en" ? "en" : "zh");

type Texts = Record<Word, string>;
const LOADED: Record<Language, () => Promise<{ default: Texts }>> = { zh: () => import("words:zh"), en: () => import("words:en") };
const texts = {} as Record<Language, Texts>;

/** Loads the words of a language; without them nothing is said in it. */
export async function learnLanguage(one: Language): Promise<void> {
  texts[one] ??= (await LOADED[one]()).default;
}

watchEffect(() => {
  globalThis.localStorage?.setItem(KEY, language.value);
  if (globalThis.document) document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
});

/** Values of these names are counts, and written with separators; years and numbers of entries are not. */
const COUNTS = new Set(["count", "included", "expected", "shown", "all", "done", "failed", "before", "after", "now", "records", "revisions"]);

/** A word of the screen; `{name}` in it is replaced by the value of that name, `{name|one|many}` by what goes with one or with
 * many of it. */
export function t(word: Word, values: Record<string, string | number | bigint> = {}): string {
  const text = texts[language.value][word];
  return text.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (_, name: string, one?: string, many?: string) => {
    const value = String(values[name] ?? "");
    if (many !== undefined) return value === "1" ? (one ?? "") : many;
    return COUNTS.has(name) && typeof values[name] !== "string" ? value.replace(/\B(?=(\d{3})+$)/g, ",") : value;
  });
}

/** A text of the service in the reader's language. */
export function say(text: LocalizedText | undefined): string {
  return text ? (language.value === "zh" ? text.zh : text.en || text.zh) : "";
}

/** Sentences that follow each other: Chinese has no space between them. */
export const joined = (...sentences: string[]) => sentences.filter(Boolean).join(language.value === "zh" ? "" : " ");

export const locale = computed(() => (language.value === "zh" ? "zh-CN" : "en-GB"));
