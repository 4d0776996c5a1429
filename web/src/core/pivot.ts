// A table of one's own: which lines of the form, by what in rows and in columns; from the answer of the service to its cells.
import { isAmountRow, keyText, sizeOf, sumText, valueText } from "./rollup";
import { say } from "./language";
import { CHOSEN_MAX } from "./sizes";
import type { Entry } from "./find";
import { Dimension, type RollupRow } from "../gen/huizong/v1/rollup_pb";
import type { Word } from "./words";

export type Axis = "measure" | "year" | "child" | "agency" | "chosen" | "kind" | "requester";

export const AXES: Record<Axis, { word: Word; dimension: Dimension | undefined }> = {
  measure: { word: "dimMeasure", dimension: undefined },
  year: { word: "dimYear", dimension: Dimension.YEAR },
  child: { word: "dimChild", dimension: Dimension.CHILD_JURISDICTION },
  agency: { word: "dimAgency", dimension: Dimension.AGENCY },
  chosen: { word: "dimChosen", dimension: undefined },
  kind: { word: "dimKind", dimension: Dimension.AGENCY_KIND },
  requester: { word: "dimRequester", dimension: Dimension.REQUESTER_TYPE },
};
export const ROW_AXES: Axis[] = ["child", "agency", "chosen", "year", "kind", "requester", "measure"];
export const COLUMN_AXES: Axis[] = ["measure", "year", "kind", "requester"];

export interface Layout {
  measures: string[];
  rows: Axis;
  columns: Axis;
  from: number;
  to: number;
  /** Jurisdictions and agencies that were chosen one by one, by resource name: the rows of a table of these. */
  of: string[];
}

/** Sums, and of which chosen place or agency they are. */
export interface Found {
  row: RollupRow;
  owner?: Entry;
}

/** As it stands in the address. */
export function layoutOf(query: Record<string, unknown>, year: number): Layout {
  const text = (name: string) => (typeof query[name] === "string" ? (query[name] as string) : "");
  const axis = (name: string, allowed: Axis[]) => allowed.find((one) => one === text(name)) ?? allowed[0]!;
  const number = (name: string) => (/^20\d\d$/.test(text(name)) ? Number(text(name)) : year);
  const of = text("of").split(",").filter((name) => /^(jurisdictions|agencies)\/[0-9A-Za-z-]+$/.test(name));
  return { measures: text("lines") ? text("lines").split(",") : ["requests.received"], rows: axis("rows", ROW_AXES), columns: axis("columns", COLUMN_AXES), from: number("from"), to: number("to"), of: [...new Set(of)].slice(0, CHOSEN_MAX) };
}

export interface Table {
  columns: { key: string; name: string }[];
  rows: { key: string; name: string; cells: string[] }[];
  totals: string[];
}

/** Sums are exact: counts with counts, amounts with amounts. A cell that no report is in stays empty, and is no nought. `owners`
 * are the rows of a table of chosen places and agencies, in their order; such as are in one another are not added up. */
export function tableOf(layout: Layout, found: Found[], owners: Entry[] = [], isAdded = true): Table {
  const part = ({ row, owner }: Found, axis: Axis) => {
    if (axis === "chosen") return { key: owner?.name ?? "", name: owner?.displayName ?? "" };
    if (axis === "measure") return { key: row.measure, name: say(row.measureLabel) };
    const key = row.keys.find((one) => one.dimension === AXES[axis].dimension);
    return { key: keyText(key), name: say(key?.label) || keyText(key) };
  };
  const columns = new Map<string, string>();
  const rows = new Map<string, { name: string; cells: Map<string, RollupRow> }>(layout.rows === "chosen" ? owners.map(({ name, displayName }) => [name, { name: displayName, cells: new Map() }]) : []);
  const totals = new Map<string, { sum: bigint; isAmount: boolean }>();
  // Several lines of the form that are neither rows nor columns have columns of their own beside each other.
  const isSplit = layout.measures.length > 1 && layout.rows !== "measure" && layout.columns !== "measure";
  const columnOf = (one: Found) => {
    const [column, line] = [part(one, layout.columns), part(one, "measure")];
    return isSplit ? { key: `${column.key} ${line.key}`, name: `${column.name} ${line.name}` } : column;
  };
  for (const one of found) {
    const [row, column] = [part(one, layout.rows), columnOf(one)];
    columns.set(column.key, column.name);
    const line = rows.get(row.key) ?? { name: row.name, cells: new Map<string, RollupRow>() };
    line.cells.set(column.key, one.row);
    rows.set(row.key, line);
    const total = totals.get(column.key) ?? { sum: 0n, isAmount: isAmountRow(one.row) };
    total.sum += sizeOf(one.row);
    totals.set(column.key, total);
  }
  const keys = [...columns.keys()];
  // As places come in their own order, years would come as these have them.
  if (layout.columns === "year") keys.sort((one, other) => Number(one.split(" ")[0]) - Number(other.split(" ")[0]));
  return {
    columns: keys.map((key) => ({ key, name: columns.get(key)! })),
    rows: [...rows].map(([key, line]) => ({ key, name: line.name, cells: keys.map((column) => (line.cells.has(column) ? valueText(line.cells.get(column)!) : "")) })),
    // Different lines of the form are not added up.
    totals: layout.rows === "measure" || !isAdded ? [] : keys.map((key) => sumText(totals.get(key)!.sum, totals.get(key)!.isAmount)),
  };
}

const KEY = "huizong.tables";
export type Saved = Record<string, string>;
const keptFor = (person: string) => [KEY, person].filter(Boolean).join(" ");
/** What this person has saved in this browser. */
export function savedTables(person: string): Saved {
  try {
    return (JSON.parse(localStorage.getItem(keptFor(person)) ?? "{}") as Saved) ?? {};
  } catch {
    return {};
  }
}
export const storeTables = (person: string, tables: Saved) => localStorage.setItem(keptFor(person), JSON.stringify(tables));
