import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { create } from "@bufbuild/protobuf";
import { amountText } from "../src/core/figures";
import { cellsOf, computeTotals, formOf, parseCell, UNREAD, type Cells } from "../src/core/form";
import { blockOf, fillingOf } from "../src/core/paste";
import { parseTyped, visible, type Typed } from "../src/core/typed";
import { CellKind, FormTileKind, GetFormLayoutResponseSchema } from "../src/gen/huizong/v1/filling_pb";

interface Example {
  kind: "count" | "signed" | "amount";
  text: string;
  cell: string | null;
}
// The examples that the service's own grammar is held to.
const examples = JSON.parse(readFileSync(new URL("../../tests/fixtures/typed-figures.json", import.meta.url), "utf8")) as Example[];
const KINDS = { count: CellKind.COUNT, signed: CellKind.SIGNED_COUNT, amount: CellKind.AMOUNT };

function written(kind: CellKind, typed: Typed | undefined): string | null {
  if (typed === undefined) return null;
  if (typeof typed === "string") return typed;
  return kind === CellKind.AMOUNT ? amountText(typed.number) : String(typed.number);
}

describe("what is typed", () => {
  test("every example is taken as it says or refused, as by the service", () => {
    expect(examples.length).toBeGreaterThan(60);
    for (const { kind, text, cell } of examples) {
      expect([kind, text, written(KINDS[kind], parseTyped(text, KINDS[kind]))]).toEqual([kind, text, cell]);
    }
  });
  test("tabs and line ends are shown in what is refused", () => {
    expect([visible("12\t34"), visible("56\r\n78"), visible(" 1 2 ")]).toEqual(["12⇥34", "56⏎78", "1 2"]);
    expect(parseCell("12\t34", CellKind.COUNT)).toBeUndefined();
  });
});

describe("a cell that was not read", () => {
  test("goes to the form and back as such, neither zero nor blank", () => {
    const cells: Cells = new Map<string, bigint | "unread">([["requests.received.total", 3n], ["requests.received.natural_person", UNREAD]]);
    const form = formOf(cells);
    expect(form.unread).toEqual(["requests.received.natural_person"]);
    expect(form.requests?.received?.naturalPerson).toBeUndefined();
    expect(cellsOf(form)).toEqual(cells);
  });
  test("is in no computed total, nor in a total of that", () => {
    const tile = (cell: string, addends: string[] = []) => ({ kind: FormTileKind.CELL, cell, addends });
    const tiles = [tile("sum", ["a.total", "b.total"]), tile("a.total", ["a.1", "a.2"]), tile("b.total", ["b.1"]), tile("a.1"), tile("a.2"), tile("b.1")];
    const layout = create(GetFormLayoutResponseSchema, { tables: [{ tiles }] });
    const totals = computeTotals(layout, new Map<string, bigint | "unread">([["a.1", 1n], ["a.2", UNREAD], ["b.1", 2n]]));
    expect(Object.fromEntries(totals)).toEqual({ "b.total": 2n });
  });
});

describe("a block from a spreadsheet", () => {
  test("is rows of cells, and a single value is none", () => {
    expect(blockOf("12")).toBeUndefined();
    expect(blockOf("12\r\n")).toEqual([["12"]]);
    expect(blockOf("1\t2\r\n3\t4\r\n")).toEqual([["1", "2"], ["3", "4"]]);
    expect(blockOf("56\n78")).toEqual([["56"], ["78"]]);
    expect(blockOf('"5\n6"\t""\t"a ""b"""')).toEqual([["5 6", "", 'a "b"']]);
    expect(blockOf("1\t\r\n\t4")).toEqual([["1", ""], ["", "4"]]);
  });
  test("fills the cells that it covers, row by row, and says what stands outside", () => {
    const cell = (path: string, row: number, column: number) => ({ kind: FormTileKind.CELL, cell: path, row, column });
    const heading = { kind: FormTileKind.ROW_HEADING, text: "甲", row: 1, column: 0 };
    const tiles = [cell("a.2", 1, 2), heading, cell("a.1", 1, 1), { ...heading, row: 2 }, cell("b.1", 3, 1), cell("b.2", 3, 2)];
    const layout = create(GetFormLayoutResponseSchema, { tables: [{ tiles }, { tiles: [cell("other", 0, 0)] }] });
    const whole = fillingOf(layout, "a.1", [["1", "2"], ["3", " 4 "]]);
    expect([Object.fromEntries(whole.texts), whole.outside]).toEqual([{ "a.1": "1", "a.2": "2", "b.1": "3", "b.2": "4" }, 0]);
    const beyond = fillingOf(layout, "a.2", [["1", "2"], ["3", ""], ["5", ""]]);
    expect([Object.fromEntries(beyond.texts), beyond.outside]).toEqual([{ "a.2": "1", "b.2": "3" }, 2]);
  });
});
