// The few totals by which somebody knows a report again: those that are no part of another total.
import { cellText, computeTotals, tilesOf, type Cells } from "./form";
import { say } from "./language";
import type { GetFormLayoutResponse } from "../gen/huizong/v1/filling_pb";

export interface Total {
  cell: string;
  label: string;
  text: string;
}

export function mainTotals(layout: GetFormLayoutResponse, cells: Cells): Total[] {
  const tiles = tilesOf(layout);
  const parts = new Set(tiles.flatMap((tile) => tile.addends));
  const totals = computeTotals(layout, cells);
  return tiles
    .filter((tile) => tile.addends.length > 0 && !parts.has(tile.cell))
    .map((tile) => ({ cell: tile.cell, label: say(tile.label), text: cellText(cells.get(tile.cell) ?? totals.get(tile.cell)) || "—" }));
}
