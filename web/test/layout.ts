// A small form for tests: two tables of two by two with their totals.
import { create } from "@bufbuild/protobuf";
import { CellKind, FormTileKind, GetFormLayoutResponseSchema } from "../src/gen/huizong/v1/filling_pb";

const tile = (cell: string, row: number, column: number, addends: string[] = []) =>
  ({ kind: FormTileKind.CELL, cellKind: CellKind.COUNT, cell, row, column, rows: 1, columns: 1, addends, label: { zh: cell, en: cell } });

export const layout = create(GetFormLayoutResponseSchema, {
  tables: [
    { tiles: [tile("a.1", 1, 1), tile("a.total", 1, 3, ["a.1", "a.2"]), tile("a.2", 1, 2), tile("b.1", 2, 1), tile("b.2", 2, 2), tile("b.total", 2, 3, ["b.1", "b.2"])] },
    { tiles: [tile("c.1", 1, 1), tile("c.2", 1, 2)] },
  ],
});
