// What an entry of the journal is about and says, in words: resources by their names, fields, reasons and the service's own lines in
// the reader's language. People's words stay as they were written, and so does what is not known here; the entry's own text is shown
// beside it (EntryDialog.vue).
import { inert, OUTCOMES } from "./journal";
import { language, say } from "./language";
import { named } from "./spoken";
import { dateTimeText } from "./time";
import { CHANGES, FIELDS, GROUPS, LINES, REASONS, SAID, VALUES, type Pair } from "../words/told";
import type { JournalAction, JournalEntry } from "../gen/huizong/v1/journal_pb";

const inWords = (pair: Pair) => pair[language.value === "zh" ? 0 : 1];
const put = (pair: Pair, values: Record<string, string>) => inWords(pair).replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "");
const COLON = ["：", ": "] as const;
const BETWEEN = ["；", "; "] as const;
const COMMA = ["、", ", "] as const;

/** A word of the service, a time, or a resource, as people read it. */
function valueText(value: string): string {
  // Values of the contract begin with the name of their list: ROLE_KIND_VIEWER.
  const word = Object.hasOwn(VALUES, value) ? value : /^[A-Z][A-Z0-9_]+$/.test(value) ? Object.keys(VALUES).find((one) => value.endsWith(`_${one.toUpperCase()}`)) : Object.hasOwn(VALUES, value.replaceAll("-", "_")) ? value.replaceAll("-", "_") : undefined;
  if (word) return inWords(VALUES[word]!);
  if (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return dateTimeText(new Date(value));
  return named(value);
}

/** A field with its value: `due.city` and `dueTime` are called after `due`, `firstYear` after `first_year`; undefined for what people
 * have no name for. */
function fieldText(key: string, value: string): string | undefined {
  const [first = "", second = ""] = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).split(".");
  const pair = FIELDS[first] ?? FIELDS[first.replace(/_time$/, "")];
  if (!pair) return undefined;
  const said = valueText(value);
  if (inWords(pair).includes("{value}")) return put(pair, { value: said });
  const level = Object.hasOwn(VALUES, second) ? `${inWords(VALUES[second]!)}${language.value === "zh" ? "" : " "}` : "";
  return `${level}${inWords(pair)}${inWords(COLON)}${said}`;
}

const PAIR = /(?<key>[\w.]+)=(?<value>"(?:[^"\\]|\\.)*"|\S*)/g;
function unquoted(value: string): string {
  try {
    return value.startsWith('"') ? String(JSON.parse(value)) : value;
  } catch {
    return value.slice(1, -1);
  }
}

/** A line of `key=value`, the first word of which may say what it is about. */
function changeText(line: string): string | undefined {
  const kind = Object.keys(CHANGES).find((one) => line === one || line.startsWith(`${one} `));
  const pairs = [...line.slice(kind?.length ?? 0).matchAll(PAIR)].map(({ groups }) => [groups!.key!, unquoted(groups!.value!)] as const);
  if (pairs.length === 0 || (!kind && !/^[\w.]+=/.test(line))) return undefined;
  const said = pairs.flatMap(([key, value], at) => {
    if (key === "was") return at === 0 ? [] : [put(SAID.wasBefore, { was: valueText(value) })];
    const said = fieldText(key, value);
    return said ? [`${at > 0 ? inWords(BETWEEN) : ""}${said}`] : [];
  });
  return `${kind ? `${inWords(CHANGES[kind]!)}${said.length > 0 ? inWords(COLON) : ""}` : ""}${said.join("").replace(/^[；;] ?/, "")}`;
}

/** All that a question asks for that people have a name for, whatever it lies in. */
function questionText(value: unknown, key = ""): string[] {
  if (Array.isArray(value)) {
    const plain = value.every((one) => typeof one !== "object");
    return plain && value.length > 0 ? questionText(value.map((one) => valueText(String(one))).join(inWords(COMMA)), key) : value.flatMap((one) => questionText(one, key));
  }
  if (typeof value === "object" && value !== null) return Object.entries(value).flatMap(([name, one]) => questionText(one, name === "kind" && key === "role" ? "role" : name));
  const said = value === "…" || value === false ? undefined : fieldText(key, String(value));
  return said === undefined ? [] : [said];
}

function asked(text: string): string {
  try {
    return questionText(JSON.parse(text)).join(inWords(BETWEEN)) || inWords(SAID.everything);
  } catch {
    return inWords(SAID.long);
  }
}

function lineText(line: string, actions: readonly JournalAction[]): string {
  if (line.startsWith("{")) return asked(line);
  const change = changeText(line);
  if (change !== undefined) return change;
  for (const [expression, pair] of LINES) {
    const groups = expression.exec(line)?.groups;
    if (groups || expression.test(line)) return put(pair, Object.fromEntries(Object.entries(groups ?? {}).map(([name, text]) => [name, name === "rest" ? (text.includes("waits as") ? inWords(SAID.waits) : "") : name === "role" ? roleText(text) : name === "text" ? text : valueText(text)])));
  }
  const [, word, count] = /^([a-z_]+\.[a-z_]+) (\d+)$/.exec(line) ?? [];
  if (word && count) return put(SAID.times, { what: say(actions.find(({ action }) => action === word)?.text) || word, count });
  return roleText(line);
}

/** `reviewer jurisdictions/230000`, or `credential ID`. */
function roleText(text: string): string {
  const [, word = "", rest = ""] = /^(\S+) ?(.*)$/s.exec(text) ?? [];
  if (word === "credential" && /^[0-9a-f]+$/.test(rest)) return put(SAID.credential, { id: rest });
  const role = VALUES[word.replaceAll("-", "_")];
  return role && (rest === "" || /^(agencies|jurisdictions)\/\S+$/.test(rest)) ? `${inWords(role)}${rest ? `${inWords(COLON)}${named(rest)}` : ""}` : text;
}

/** Settings in a start's TOML: those that changed, or how many there are. */
function settingsText(lines: string[]): string[] {
  const found = lines.map((line) => /^"(?<name>[\w.]+)" = (?<now>.*?)(?: # (?:was (?<was>.*)|(?<fresh>new)))?$/.exec(line)?.groups ?? {}).filter(({ name }) => name);
  const changed = found.filter(({ was, fresh }) => was || fresh);
  if (changed.length === 0) return [put(SAID.settings, { count: String(found.length) })];
  return changed.map(({ name = "", now = "", was = "" }) => put(was ? SAID.setting : SAID.settingNew, { name, now, was }));
}

/** Their details are people's words. */
const FREE = new Set(["report.submit", "report.accept", "report.return", "report.withdraw", "form.freeze", "journal.strike"]);
/** Lines of the service's that say nothing to people. */
const TECHNICAL = /^settings [0-9a-f]{64}$/;

export function detailLines(entry: JournalEntry, actions: readonly JournalAction[]): string[] {
  if (entry.detail === "") return [];
  const lines = inert(entry.detail).split("\n");
  if (entry.outcome === OUTCOMES.refused && entry.action !== "refusals.left_out") {
    const [reason = "", rules] = lines[0]!.split(": ");
    const known = REASONS[reason];
    if (known) return [inWords(known), ...(rules ? [put(SAID.rules, { rules: rules.split(", ").join(inWords(COMMA)) })] : []), ...lines.slice(1).map((line) => lineText(line, actions))];
  }
  if (FREE.has(entry.action)) return lines;
  if (entry.action === "settings.change") return settingsText(lines);
  return lines.filter((line) => !TECHNICAL.test(line)).map((line) => lineText(line, actions));
}

/** What it is about. */
export function subjectText(entry: JournalEntry): string {
  const subject = inert(entry.subject);
  const [, credential] = /^credentials\/(\w+)$/.exec(subject) ?? [];
  if (credential) return put(SAID.credential, { id: credential });
  const [, holder, held] = /^principals\/([^/]+)\/credentials\/(\w+)$/.exec(subject) ?? [];
  if (holder && held) return put(SAID.credentialOf, { name: holder, id: held });
  const [, owner] = /^principals\/([^/]+)\/sessions\//.exec(subject) ?? [];
  if (owner) return put(SAID.sessionOf, { name: owner });
  const [, number] = /^journal\/(\d+)$/.exec(subject) ?? [];
  if (number) return put(SAID.entry, { number });
  const said = LINES.find(([expression]) => expression.test(subject));
  return said ? lineText(subject, []) : named(subject);
}

/** What actions whose codes begin so are called together. */
export const actionGroup = (group: string) => (GROUPS[group] ? inWords(GROUPS[group]) : group);
