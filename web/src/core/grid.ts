// The cells of the form as a spreadsheet has them: which one is above, below, before or behind another.
import { FormTileKind, type FormTile, type GetFormLayoutResponse } from "../gen/huizong/v1/filling_pb";

export type Direction = "up" | "down" | "left" | "right";

/** The cells of each table, row by row, from left to right. */
export function gridsOf(layout: GetFormLayoutResponse): FormTile[][][] {
  return layout.tables.map((table) => {
    const rows = new Map<number, FormTile[]>();
    for (const tile of table.tiles) {
      if (tile.kind === FormTileKind.CELL) rows.set(tile.row, [...(rows.get(tile.row) ?? []), tile]);
    }
    return [...rows].sort(([one], [other]) => one - other).map(([, tiles]) => tiles.sort((one, other) => one.column - other.column));
  });
}

const distance = (one: FormTile, other: FormTile) => Math.abs(one.column + one.columns / 2 - other.column - other.columns / 2);

/** The cell that lies next to another; beyond the edge of a table it is the first or last of the next table. */
export function neighbour(layout: GetFormLayoutResponse, cell: string, direction: Direction): string | undefined {
  const grids = gridsOf(layout);
  const table = grids.findIndex((rows) => rows.some((row) => row.some((tile) => tile.cell === cell)));
  const rows = grids[table];
  if (!rows) return undefined;
  const row = rows.findIndex((tiles) => tiles.some((tile) => tile.cell === cell));
  const at = rows[row]!.findIndex((tile) => tile.cell === cell);
  const step = direction === "up" || direction === "left" ? -1 : 1;
  if (direction === "left" || direction === "right") {
    const beside = rows[row]![at + step] ?? (step > 0 ? rows[row + 1]?.[0] : rows[row - 1]?.at(-1));
    return beside?.cell;
  }
  const nextRow = rows[row + step] ?? (step > 0 ? grids[table + 1]?.[0] : grids[table - 1]?.at(-1));
  const from = rows[row]![at]!;
  return nextRow?.reduce<FormTile | undefined>((best, tile) => (!best || distance(tile, from) < distance(best, from) ? tile : best), undefined)?.cell;
}
