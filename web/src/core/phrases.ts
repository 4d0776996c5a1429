// Phrases that a reviewer returns reports with, kept in the browser.
import { computed, ref } from "vue";
import { t } from "./language";

const KEY = "huizong.phrases";
const MOST = 20;
const FIRST = ["phraseOne", "phraseTwo", "phraseThree"] as const;

const load = (): string[] | undefined => {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    return Array.isArray(kept) ? kept.filter((one): one is string => typeof one === "string") : undefined;
  } catch {
    return undefined;
  }
};
const kept = ref(load());
/** Until somebody keeps one of their own, those that come with the page. */
export const phrases = computed<string[]>(() => kept.value ?? FIRST.map((word) => t(word)));

function store(next: string[]) {
  kept.value = next.slice(0, MOST);
  localStorage.setItem(KEY, JSON.stringify(kept.value));
}
export const keepPhrase = (text: string) => text.trim() && store([text.trim(), ...phrases.value.filter((one) => one !== text.trim())]);
export const dropPhrase = (text: string) => store(phrases.value.filter((one) => one !== text));
