// The registry as a file: CSV as docs/registry.md has it, to changes and back. What a row lacks is said with its line.
import { create } from "@bufbuild/protobuf";
import { parseCsv } from "./files";
import { t } from "./language";
import { AgencyKind, Level, RegistryChangeSchema, type RegistryChange } from "../gen/huizong/v1/registry_pb";

const COLUMNS = ["type", "code", "parent", "name", "level", "kind", "large", "vertical", "first_year", "into", "years", "reason", "begins"] as const;
type Column = (typeof COLUMNS)[number];
/** What is understood of each, as src/registry/exchange/words.rs has it; the first Chinese word is said in faults. */
const UNDERSTOOD: Record<Column, string[]> = {
  type: ["类型"], code: ["代码", "编码"], parent: ["上级", "上级代码", "所属地区"], name: ["名称"], level: ["级别", "层级"], kind: ["类别", "机构类别"],
  large: ["大型", "大型机构"], vertical: ["垂直管理"], first_year: ["起始年度", "首报年度"], into: ["承继者", "承接单位", "并入", "分立为", "归并到"], years: ["报告年度"], reason: ["原因", "更正原因"], begins: ["更正后的首报年度"],
};
const titleOf = (column: Column) => UNDERSTOOD[column][0] ?? column;
type Table<V> = [string, string[], V][];
const LEVELS: Table<Level> = [
  ["province", ["省", "省级"], Level.PROVINCE],
  ["city", ["市", "市级", "地市级"], Level.CITY],
  ["county", ["县", "县级", "县区级"], Level.COUNTY],
  ["functional_zone", ["功能区"], Level.FUNCTIONAL_ZONE],
  ["township", ["乡镇", "乡镇级", "乡镇街道"], Level.TOWNSHIP],
];
const KINDS: Table<AgencyKind> = [
  ["government_office", ["政府办公厅（室）", "政府办公厅(室)", "政府办公厅", "政府办公室"], AgencyKind.GOVERNMENT_OFFICE],
  ["department", ["部门"], AgencyKind.DEPARTMENT],
  ["township", ["乡镇", "乡镇街道"], AgencyKind.TOWNSHIP],
  ["dispatched_office", ["派出机构"], AgencyKind.DISPATCHED_OFFICE],
];

export interface Faulty {
  line: number;
  why: string;
}
export interface Parsed {
  changes: RegistryChange[];
  /** The line of each change. */
  lines: number[];
  faults: Faulty[];
}
type Fields = Record<Column, string>;
class Fault extends Error {}

const bare = (name: string) => name.replace(/^(jurisdictions|agencies)\//, "");
const needed = (fields: Fields, column: Column) => {
  if (!fields[column]) throw new Fault(t("importMissing", { column: titleOf(column) }));
  return fields[column];
};
const yearOf = (fields: Fields) => {
  const text = needed(fields, "first_year");
  if (!/^\d{4}$/.test(text)) throw new Fault(t("importUnknown", { column: titleOf("first_year"), text }));
  return Number(text);
};
function valueOf<V>(table: Table<V>, fields: Fields, column: Column): V {
  const text = needed(fields, column);
  const found = table.find(([english, chinese]) => text === english || chinese.includes(text));
  if (!found) throw new Fault(t("importUnknown", { column: titleOf(column), text }));
  return found[2];
}
/** What is filled in of a kind, and of yes and no; what is blank stays as it is. */
const kindOf = (fields: Fields) => (fields.kind ? valueOf(KINDS, fields, "kind") : AgencyKind.UNSPECIFIED);
const answerOf = (text: string) => (text ? isYes(text) : undefined);
const yearsOf = (text: string) => text.split(/\s+/).filter(Boolean).map(Number);
const placeOf = (text: string) => text && `jurisdictions/${bare(text)}`;
const isYes = (text: string) => ["true", "yes", "1", "是"].includes(text.toLowerCase());

const MAKERS: [string[], (fields: Fields) => RegistryChange["change"]][] = [
  [["jurisdiction", "地区"], (f) => create(RegistryChangeSchema, { change: { case: "createJurisdiction", value: { name: `jurisdictions/${bare(needed(f, "code"))}`, parent: f.parent && `jurisdictions/${bare(f.parent)}`, displayName: needed(f, "name"), level: valueOf(LEVELS, f, "level"), firstYear: yearOf(f) } } }).change],
  [["agency", "机构", "单位"], (f) => create(RegistryChangeSchema, { change: { case: "createAgency", value: { name: `agencies/${bare(needed(f, "code"))}`, jurisdiction: `jurisdictions/${bare(needed(f, "parent"))}`, displayName: needed(f, "name"), kind: valueOf(KINDS, f, "kind"), large: isYes(f.large), vertical: isYes(f.vertical), firstYear: yearOf(f) } } }).change],
  [["rename", "更名"], (f) => create(RegistryChangeSchema, { change: { case: "rename", value: { entry: needed(f, "code"), displayName: needed(f, "name"), firstYear: yearOf(f) } } }).change],
  [["move", "划转"], (f) => create(RegistryChangeSchema, { change: { case: "move", value: { entry: needed(f, "code"), parent: `jurisdictions/${bare(needed(f, "parent"))}`, firstYear: yearOf(f) } } }).change],
  [["merge", "合并"], (f) => create(RegistryChangeSchema, { change: { case: "merge", value: { entries: needed(f, "code").split(/\s+/), into: needed(f, "into"), firstYear: yearOf(f) } } }).change],
  [["split", "分立", "分设"], (f) => create(RegistryChangeSchema, { change: { case: "split", value: { entry: needed(f, "code"), into: needed(f, "into").split(/\s+/), firstYear: yearOf(f) } } }).change],
  [["reclassify", "调整类别"], (f) => create(RegistryChangeSchema, { change: { case: "reclassifyAgency", value: { agency: needed(f, "code"), kind: kindOf(f), large: answerOf(f.large), vertical: answerOf(f.vertical), firstYear: yearOf(f) } } }).change],
  [["correct", "更正"], (f) => needed(f, "code").startsWith("agencies/")
    ? create(RegistryChangeSchema, { change: { case: "correctAgency", value: { agency: f.code, displayName: f.name, jurisdiction: placeOf(f.parent), kind: kindOf(f), large: answerOf(f.large), vertical: answerOf(f.vertical), firstYear: yearOf(f), reason: needed(f, "reason"), beginYear: Number(f.begins) || 0 } } }).change
    : create(RegistryChangeSchema, { change: { case: "correctJurisdiction", value: { jurisdiction: f.code, displayName: f.name, parent: placeOf(f.parent), firstYear: yearOf(f), reason: needed(f, "reason") } } }).change],
  [["void", "作废"], (f) => create(RegistryChangeSchema, { change: { case: "voidEntry", value: { entry: needed(f, "code"), reason: needed(f, "reason") } } }).change],
  [["restore", "恢复"], (f) => create(RegistryChangeSchema, { change: { case: "restoreEntry", value: { entry: needed(f, "code"), reason: needed(f, "reason") } } }).change],
  [["join", "归并"], (f) => needed(f, "code").startsWith("jurisdictions/")
    ? create(RegistryChangeSchema, { change: { case: "joinJurisdiction", value: { jurisdiction: f.code, into: needed(f, "into"), reason: needed(f, "reason") } } }).change
    : create(RegistryChangeSchema, { change: { case: "joinAgency", value: { agency: needed(f, "code"), into: needed(f, "into"), reason: needed(f, "reason"), years: yearsOf(f.years) } } }).change],
  [["abolish", "撤销"], (f) => create(RegistryChangeSchema, { change: { case: "abolish", value: { entry: needed(f, "code"), firstYear: yearOf(f) } } }).change],
];

export function parseRegistry(text: string): Parsed {
  const [head = [], ...rows] = parseCsv(text);
  const columns = head.map((title) => COLUMNS.find((column) => title.trim() === column || UNDERSTOOD[column].includes(title.trim())));
  if (!columns.includes("type") || !columns.includes("code")) return { changes: [], lines: [], faults: [{ line: 1, why: t("importNoHead") }] };
  const parsed: Parsed = { changes: [], lines: [], faults: [] };
  rows.forEach((row, at) => {
    const line = at + 2;
    const fields = Object.fromEntries(COLUMNS.map((column) => [column, (row[columns.indexOf(column)] ?? "").trim()])) as Fields;
    try {
      const maker = MAKERS.find(([types]) => types.includes(fields.type));
      if (!maker) throw new Fault(t("importNoType", { text: fields.type }));
      parsed.changes.push(create(RegistryChangeSchema, { change: maker[1](fields) }));
      parsed.lines.push(line);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      parsed.faults.push({ line, why: error.message });
    }
  });
  return inOrder(parsed);
}

/** Lines stand in any order: what others belong to is created first, and what changes comes last. */
function inOrder({ changes, lines, faults }: Parsed): Parsed {
  // What puts the past right stays behind what it puts right: in the order of the file, after all that is dated.
  const LAST = 10_000;
  const rank = ({ change }: RegistryChange) => {
    switch (change.case) {
      case "createJurisdiction": return change.value.level;
      case "createAgency": return 10;
      case "rename": case "move": case "merge": case "split": case "abolish": return 100 + change.value.firstYear;
      default: return LAST;
    }
  };
  const order = changes.map((_, at) => at).sort((one, other) => rank(changes[one]!) - rank(changes[other]!) || one - other);
  return { changes: order.map((at) => changes[at]!), lines: order.map((at) => lines[at]!), faults };
}

const word = <V>(table: Table<V>, value: V) => table.find(([, , one]) => one === value)?.[0] ?? "";

/** The lines of a file that holds these changes, its titles first. */
export function registryLines(changes: RegistryChange[]): string[][] {
  const row = (fields: Partial<Fields>) => COLUMNS.map((column) => fields[column] ?? "");
  const lines = changes.flatMap(({ change }): Partial<Fields>[] => {
    const year = change.value && "firstYear" in change.value ? String(change.value.firstYear) : "";
    const answer = (value: boolean | undefined) => (value === undefined ? "" : String(value));
    switch (change.case) {
      case "createJurisdiction": return [{ type: "jurisdiction", code: bare(change.value.name), parent: bare(change.value.parent), name: change.value.displayName, level: word(LEVELS, change.value.level), first_year: year }];
      case "createAgency": return [{ type: "agency", code: bare(change.value.name), parent: bare(change.value.jurisdiction), name: change.value.displayName, kind: word(KINDS, change.value.kind), large: change.value.large ? "true" : "", vertical: change.value.vertical ? "true" : "", first_year: year }];
      case "rename": return [{ type: "rename", code: change.value.entry, name: change.value.displayName, first_year: year }];
      case "move": return [{ type: "move", code: change.value.entry, parent: bare(change.value.parent), first_year: year }];
      case "merge": return [{ type: "merge", code: change.value.entries.join(" "), into: change.value.into, first_year: year }];
      case "split": return [{ type: "split", code: change.value.entry, into: change.value.into.join(" "), first_year: year }];
      case "abolish": return [{ type: "abolish", code: change.value.entry, first_year: year }];
      case "reclassifyAgency": return [{ type: "reclassify", code: change.value.agency, kind: word(KINDS, change.value.kind), large: answer(change.value.large), vertical: answer(change.value.vertical), first_year: year }];
      case "correctAgency": return [{ type: "correct", code: change.value.agency, name: change.value.displayName, parent: bare(change.value.jurisdiction), kind: word(KINDS, change.value.kind), large: answer(change.value.large), vertical: answer(change.value.vertical), first_year: year, reason: change.value.reason, begins: change.value.beginYear ? String(change.value.beginYear) : "" }];
      case "correctJurisdiction": return [{ type: "correct", code: change.value.jurisdiction, name: change.value.displayName, parent: bare(change.value.parent), first_year: year, reason: change.value.reason }];
      case "voidEntry": return [{ type: "void", code: change.value.entry, reason: change.value.reason }];
      case "joinJurisdiction": return [{ type: "join", code: change.value.jurisdiction, into: change.value.into, reason: change.value.reason }];
      case "restoreEntry": return [{ type: "restore", code: change.value.entry, reason: change.value.reason }];
      case "joinAgency": return [{ type: "join", code: change.value.agency, into: change.value.into, years: change.value.years.join(" "), reason: change.value.reason }];
      default: return [];
    }
  });
  // The rare column is written where something stands in it.
  const kept = COLUMNS.filter((column) => column !== "begins" || lines.some((line) => line.begins));
  const at = kept.map((column) => COLUMNS.indexOf(column));
  return [[...kept], ...lines.map(row).map((cells) => at.map((one) => cells[one] ?? ""))];
}
