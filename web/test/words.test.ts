import { afterEach, expect, test } from "vitest";
import { language, t } from "../src/core/language";
import { whoText } from "../src/core/people";
import { spoken } from "../src/core/spoken";
import { words } from "../src/words";

afterEach(() => (language.value = "zh"));

const all = Object.entries(words) as [keyof typeof words, readonly [string, string]][];
/** Those that break a rule, with what they say. */
const breaking = (rule: (zh: string, en: string) => boolean) => all.filter(([, [zh, en]]) => rule(zh, en)).map(([word, [zh, en]]) => `${word}: ${zh} / ${en}`);
const HAN = String.raw`\p{Script=Han}`;
/** Names of files, of keys and of the program, which are the same in Chinese. */
const LATIN = /\{[^}]*\}|CSV|XLSX|JSON|SHA-256|Ctrl\+Z|Tab|Cookie|Huizong|huizong_|J\/K|192\.0\.2\./g;

test("Chinese has no spaces beside figures and names, and no words of programs", () => {
  // What a change is of is set off from it: it has a sign.
  const figure = String.raw`(?:\{(?!change\}|value\})\w+\}|\d)`;
  expect(breaking((zh) => new RegExp(`${HAN} ${figure}|${figure} ${HAN}`, "u").test(zh))).toEqual([]);
  expect(breaking((zh) => zh !== "English" && /[A-Za-z]{2,}/.test(zh.replace(LATIN, "")))).toEqual([]);
  expect(breaking((zh) => /[,;:?!]/.test(zh.replace(/\d\d:\d\d/g, "").replace(LATIN, "")) || /["']/.test(zh))).toEqual([]);
});

test("sentences end as sentences do, in both languages", () => {
  const isSentence = (zh: string) => /。|(?<!申)请/.test(zh) && !/[（(][^）)]*请[^）)]*[）)]$/.test(zh);
  expect(breaking((zh) => isSentence(zh) && !/[。？：…]$/.test(zh))).toEqual([]);
  expect(breaking((zh, en) => /。$/.test(zh) !== /\.$/.test(en))).toEqual([]);
});

test("English is complete: no Chinese, no plurals left open, the same values", () => {
  const open = new Set(["otherLanguage"]);
  const values = (text: string) => [...new Set([...text.matchAll(/\{(\w+)[^}]*\}/g)].map(([, name]) => name))].sort().join();
  expect(all.filter(([word, [, en]]) => !open.has(word) && new RegExp(HAN, "u").test(en.replace(/\{[^}]*\}/g, ""))).map(([word]) => word)).toEqual([]);
  expect(breaking((_, en) => /\(s\)/.test(en))).toEqual([]);
  expect(breaking((zh, en) => values(zh) !== values(en))).toEqual([]);
});

test("what goes with one of a thing goes with one alone", () => {
  language.value = "en";
  expect([1, 2, 0].map((days) => t("daysLeft", { days }))).toEqual(["1 day left", "2 days left", "0 days left"]);
});

test("whoever only said who they are is told so, and no word of the program is", () => {
  expect(["li-si", "claimed:填报员", "anonymous", "unauthenticated"].map(whoText)).toEqual(["li-si", "填报员（自报）", "未署名", "未登录"]);
});

test("codes of rules stand beside findings, and not in sentences", () => {
  expect(spoken("有4项警告须填写核实说明：DOCUMENT-YEAR、T3-ROW-TOTAL")).toBe("有4项警告须填写核实说明");
  expect(spoken("请改用：XLSX")).toBe("请改用：XLSX");
});
