import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { cellsOf, cellText, computeTotals, formOf, NOT_APPLICABLE, parseCell, type Cells } from "../src/core/form";
import { CellKind, FormTileKind, GetFormLayoutResponseSchema } from "../src/gen/huizong/v1/filling_pb";
import { words } from "../src/core/words";

const cells: Cells = new Map<string, bigint | string>([
  ["proactive_disclosure.rules.issued", 0n],
  ["proactive_disclosure.administrative_fees", "59237.2449"],
  ["requests.refused.state_secret.natural_person", 9007199254740993n],
  ["disputes.litigation_direct.upheld", NOT_APPLICABLE],
]);

describe("the form", () => {
  test("cells come back from a form as they were: zero, blank and not applicable stay apart", () => {
    const form = formOf(cells);
    expect(cellsOf(form)).toEqual(cells);
    expect(form.proactiveDisclosure?.rules?.issued).toBe(0n);
    expect(form.proactiveDisclosure?.rules?.repealed).toBeUndefined();
    expect(form.notApplicable).toEqual(["disputes.litigation_direct.upheld"]);
  });
  test("what is typed is a cell, blank, not applicable, or not understood", () => {
    expect(parseCell("1,234", CellKind.COUNT)).toEqual({ cell: 1234n });
    expect(parseCell("  ", CellKind.COUNT)).toEqual({ cell: undefined });
    expect(parseCell("不适用", CellKind.AMOUNT)).toEqual({ cell: NOT_APPLICABLE });
    expect(parseCell("-3", CellKind.COUNT)).toBeUndefined();
    expect(parseCell("-3", CellKind.SIGNED_COUNT)).toEqual({ cell: -3n });
    expect(parseCell("18.8710", CellKind.AMOUNT)).toEqual({ cell: "18.871" });
    expect(parseCell("三", CellKind.COUNT)).toBeUndefined();
    expect([cellText(undefined), cellText(0n), cellText(NOT_APPLICABLE)]).toEqual(["", "0", "不适用"]);
  });
  test("totals of totals are computed exactly, and blank parts make no total", () => {
    const tile = (cell: string, addends: string[] = []) => ({ kind: FormTileKind.CELL, cell, addends });
    const tiles = [tile("sum", ["a.total", "b.total"]), tile("a.total", ["a.1", "a.2"]), tile("b.total", ["b.1"]), tile("c.total", ["c.1"])];
    const layout = create(GetFormLayoutResponseSchema, { tables: [{ tiles: [...tiles, tile("a.1"), tile("a.2"), tile("b.1"), tile("c.1")] }] });
    const totals = computeTotals(layout, new Map([["a.1", 9007199254740993n], ["a.2", 1n], ["b.1", 2n]]));
    expect(Object.fromEntries(totals)).toEqual({ "a.total": 9007199254740994n, "b.total": 2n, sum: 9007199254740996n });
  });
});

test("every word of the screen is there in both languages with the same values in it", () => {
  const values = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
  for (const [word, [zh, en]] of Object.entries(words)) {
    expect(zh && en, word).toBeTruthy();
    expect(values(en), word).toEqual(values(zh));
  }
});

test("a word stands in one file, and no sentence names a resource, a command or a code", async () => {
  const files = import.meta.glob<Record<string, object>>("../src/words/*.ts", { eager: true });
  const keys = Object.entries(files).filter(([name]) => !/(index|told)\.ts$/.test(name)).flatMap(([, file]) => Object.values(file).flatMap((words) => Object.keys(words)));
  expect(keys.length).toBeGreaterThan(400);
  expect(new Set(keys).size).toBe(keys.length);
  for (const [word, [zh]] of Object.entries(words)) expect(zh, word).not.toMatch(/agencies\/|jurisdictions\/|etag|huizong (?!_)|「|claimed|anonymous/);
});
