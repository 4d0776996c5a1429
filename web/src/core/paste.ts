// A block of cells from a spreadsheet, and the cells of the form that it covers from the one on that it is pasted into.
import type { GetFormLayoutResponse } from "../gen/huizong/v1/filling_pb";
import { gridsOf } from "./grid";

/** Cells of a block, row by row; undefined where the text is a single value, which is typed like any other. */
export function blockOf(text: string): string[][] | undefined {
  const rows: string[][] = [[]];
  let at = 0;
  let piece = "";
  const end = () => {
    rows.at(-1)!.push(piece);
    piece = "";
  };
  while (at < text.length) {
    const mark = text[at]!;
    // A spreadsheet quotes a cell with a line end or a tab in it, and doubles the quotes within.
    const quoted = piece === "" && mark === '"' ? /^"((?:[^"]|"")*)"(?=\t|\r|\n|$)/.exec(text.slice(at)) : null;
    if (quoted) {
      // A field has one line; without a blank two figures would become one.
      piece = quoted[1]!.replaceAll('""', '"').replace(/\s*[\r\n]+\s*/g, " ");
      at += quoted[0].length;
      continue;
    }
    if (mark === "\t") end();
    else if (mark === "\n") {
      end();
      rows.push([]);
    } else if (mark !== "\r") piece += mark;
    at += 1;
  }
  end();
  // A spreadsheet ends every row with a line end, the last one too.
  if (rows.length > 1 && rows.at(-1)!.every((cell) => cell === "")) rows.pop();
  const single = rows.length === 1 && rows[0]!.length === 1 && !/[\t\r\n]/.test(rows[0]![0]!);
  return single && !/[\t\r\n]/.test(text) ? undefined : rows;
}

/** What a block fills in: texts by cell, and how many of its cells stand outside of the table. */
export interface Filling {
  texts: Map<string, string>;
  outside: number;
}

/** Puts a block down, its first cell in `first`: row by row of the table, cell by cell of the row. */
export function fillingOf(layout: GetFormLayoutResponse, first: string, block: string[][]): Filling {
  const grid = gridsOf(layout).find((rows) => rows.some((row) => row.some((tile) => tile.cell === first))) ?? [];
  const top = grid.findIndex((tiles) => tiles.some((tile) => tile.cell === first));
  const left = grid[top]?.findIndex((tile) => tile.cell === first) ?? 0;
  const filling: Filling = { texts: new Map(), outside: 0 };
  block.forEach((cells, row) =>
    cells.forEach((text, column) => {
      const tile = grid[top + row]?.[left + column];
      if (tile) filling.texts.set(tile.cell, text.trim());
      else if (text.trim() !== "") filling.outside += 1;
    }),
  );
  return filling;
}
