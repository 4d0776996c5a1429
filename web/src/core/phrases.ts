// Phrases that a reviewer returns reports with, kept in the browser for this person.
import { computed, ref } from "vue";
import { t } from "./language";

const KEY = "huizong.phrases";
const MOST = 20;
const FIRST = ["phraseOne", "phraseTwo", "phraseThree"] as const;
const keyOf = (person: string) => [KEY, person].filter(Boolean).join(" ");

const load = (person: string): string[] | undefined => {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(person)) ?? "null");
    return Array.isArray(kept) ? kept.filter((one): one is string => typeof one === "string") : undefined;
  } catch {
    return undefined;
  }
};

export function usePhrases(person: string) {
  const kept = ref(load(person));
  /** Until somebody keeps one of their own, those that come with the page. */
  const phrases = computed<string[]>(() => kept.value ?? FIRST.map((word) => t(word)));
  function store(next: string[]) {
    kept.value = next.slice(0, MOST);
    localStorage.setItem(keyOf(person), JSON.stringify(kept.value));
  }
  /** Another window may have kept some since. */
  const known = () => load(person) ?? phrases.value;
  const keep = (text: string) => text.trim() && store([text.trim(), ...known().filter((one) => one !== text.trim())]);
  const drop = (text: string) => store(known().filter((one) => one !== text));
  return { phrases, keep, drop };
}
