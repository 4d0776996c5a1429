// Cells of a form by their paths, and the totals that are sums of others. The form's layout comes from the service:
// nothing here knows a line or a column of it.
import { create, type DescField, type DescMessage, type Message } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { FormSchema, type Form } from "../gen/huizong/v1/form_pb";
import { CellKind, FormTileKind, type FormTile, type GetFormLayoutResponse } from "../gen/huizong/v1/filling_pb";
import { amountText, formatAmount, formatCount } from "./figures";
import { parseTyped } from "./typed";

/** What stands in a cell: a count, an amount, not applicable, unread, or nothing (undefined): blank is not zero. */
export type Cell = bigint | string | "n/a" | "unread" | undefined;

/** The cells that are not blank, by path. */
export type Cells = Map<string, Exclude<Cell, undefined>>;

export const NOT_APPLICABLE = "n/a";
/** Something may stand in the document that could not be read: neither zero nor blank. */
export const UNREAD = "unread";

function isCell(field: DescField): boolean {
  return field.fieldKind === "scalar" && field.name !== "not_applicable" && field.name !== "unread";
}

/** All cells of a form. */
export function cellsOf(form: Form | undefined): Cells {
  const cells: Cells = new Map();
  if (!form) return cells;
  const walk = (schema: DescMessage, message: Message, way: string) => {
    const view = reflect(schema, message);
    for (const field of schema.fields) {
      if (!view.isSet(field)) continue;
      const path = way + field.name;
      if (field.fieldKind === "message") walk(field.message, view.get(field).message, `${path}.`);
      else if (isCell(field)) cells.set(path, view.get(field) as bigint | string);
    }
  };
  walk(FormSchema, form, "");
  for (const path of form.notApplicable) cells.set(path, NOT_APPLICABLE);
  for (const path of form.unread) cells.set(path, UNREAD);
  return cells;
}

/** The form that holds these cells. */
export function formOf(cells: Cells): Form {
  const form = create(FormSchema, { requests: {}, disputes: {} });
  for (const [path, value] of cells) {
    if (value === NOT_APPLICABLE) {
      form.notApplicable.push(path);
      continue;
    }
    if (value === UNREAD) {
      form.unread.push(path);
      continue;
    }
    let view = reflect(FormSchema, form);
    const steps = path.split(".");
    for (const [at, step] of steps.entries()) {
      const field = view.desc.fields.find((field) => field.name === step);
      if (!field) break;
      if (at === steps.length - 1) {
        if (field.fieldKind === "scalar") view.set(field, value);
      } else if (field.fieldKind === "message") {
        if (!view.isSet(field)) view.set(field, reflect(field.message));
        view = view.get(field);
      }
    }
  }
  return form;
}

/** A cell as it is shown; nothing where it is blank. */
export function cellText(cell: Cell): string {
  if (cell === undefined) return "";
  if (cell === NOT_APPLICABLE) return "不适用";
  if (cell === UNREAD) return "未读取";
  return typeof cell === "bigint" ? formatCount(cell) : formatAmount(cell);
}

/** A cell as it is typed, without groups of digits; nothing for one that was not read. */
export function plainText(cell: Cell): string {
  return cell === undefined || cell === UNREAD ? "" : cell === NOT_APPLICABLE ? "不适用" : String(cell);
}

/** What a person typed: a cell, or that it is not understood. */
export function parseCell(text: string, kind: CellKind): { cell: Cell } | undefined {
  const typed = parseTyped(text, kind);
  if (typed === undefined) return undefined;
  if (typed === "blank") return { cell: undefined };
  if (typed === "n/a") return { cell: NOT_APPLICABLE };
  return { cell: kind === CellKind.AMOUNT ? amountText(typed.number) : typed.number };
}

export function tilesOf(layout: GetFormLayoutResponse | undefined): FormTile[] {
  return (layout?.tables ?? []).flatMap((table) => table.tiles).filter((tile) => tile.kind === FormTileKind.CELL);
}

/** The totals that their parts add up to. A total none of whose parts is filled in, or one of whose parts was not read, is
 * not computed. */
export function computeTotals(layout: GetFormLayoutResponse, cells: Cells): Map<string, bigint> {
  const totals = new Map<string, bigint>();
  const unknown = new Set<string>();
  const waiting = tilesOf(layout).filter((tile) => tile.addends.length > 0);
  // A total of totals needs those first; twice is enough, as lines are summed before columns.
  for (let round = 0; round < 2; round += 1) {
    for (const tile of waiting) {
      const values = tile.addends.map((path) => (unknown.has(path) ? UNREAD : (totals.get(path) ?? cells.get(path))));
      if (values.includes(UNREAD)) {
        totals.delete(tile.cell);
        if (cells.get(tile.cell) === undefined) unknown.add(tile.cell);
        continue;
      }
      const counts = values.filter((value): value is bigint => typeof value === "bigint");
      if (counts.length > 0) totals.set(tile.cell, counts.reduce((sum, count) => sum + count, 0n));
    }
  }
  return totals;
}
