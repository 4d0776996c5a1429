// The few totals by which somebody knows a report again: those that are no part of another total, nor made of what is.
import { cellText, computeTotals, tilesOf, type Cells } from "./form";
import { say, t } from "./language";
import type { Word } from "./words";
import type { GetFormLayoutResponse } from "../gen/huizong/v1/filling_pb";

/** What is called by its heading alone in the table, and says too little elsewhere. */
const OWN_NAMES: Record<string, Word> = { "requests.outcomes_total.total": "allOutcomes" };

export interface Total {
  cell: string;
  label: string;
  text: string;
}

export function mainTotals(layout: GetFormLayoutResponse, cells: Cells): Total[] {
  const tiles = tilesOf(layout);
  /** How many totals a cell is a part of. */
  const parts = new Map<string, number>();
  for (const cell of tiles.flatMap((tile) => tile.addends)) parts.set(cell, (parts.get(cell) ?? 0) + 1);
  const isWhole = (addends: string[]) => addends.some((cell) => parts.get(cell) === 1);
  const totals = computeTotals(layout, cells);
  return tiles
    .filter((tile) => tile.addends.length > 0 && !parts.has(tile.cell) && isWhole(tile.addends))
    .map((tile) => ({ cell: tile.cell, label: OWN_NAMES[tile.cell] ? t(OWN_NAMES[tile.cell]!) : say(tile.label), text: cellText(cells.get(tile.cell) ?? totals.get(tile.cell)) || "—" }));
}
