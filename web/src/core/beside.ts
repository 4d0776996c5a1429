// This year's figures beside last year's.
import { cellText, type Cell, type Cells } from "./form";
import { amountText, change, formatAmount, formatCount, microOf } from "./figures";
import type { FormTile } from "../gen/huizong/v1/filling_pb";
import { say } from "./language";

export interface Beside {
  cell: string;
  label: string;
  now: string;
  before: string;
  /** With its sign; undefined where one of the two is no number. */
  difference: string | undefined;
  /** In per cent. */
  change: string | undefined;
  isDifferent: boolean;
}

const sizeOf = (cell: Cell): bigint | undefined => (typeof cell === "bigint" ? cell : cell !== undefined && /^-?[\d.]+$/.test(cell) ? microOf(cell) : undefined);

export function besideOf(tiles: FormTile[], now: Cells, before: Cells): Beside[] {
  return tiles.map((tile) => {
    const [cell, last] = [now.get(tile.cell), before.get(tile.cell)];
    const [size, lastSize] = [sizeOf(cell), sizeOf(last)];
    const isAmount = typeof cell === "string";
    const difference = size !== undefined && lastSize !== undefined ? size - lastSize : undefined;
    const text = difference === undefined ? undefined : isAmount ? formatAmount(amountText(difference)) : formatCount(difference);
    return {
      cell: tile.cell, label: say(tile.label), now: cellText(cell), before: cellText(last),
      difference: text === undefined || text === "0" ? undefined : text.startsWith("−") ? text : `+${text}`,
      change: size === undefined ? undefined : change(size, lastSize),
      isDifferent: cellText(cell) !== cellText(last),
    };
  });
}
