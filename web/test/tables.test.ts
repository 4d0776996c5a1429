import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { csvOf } from "../src/core/files";
import { layoutOf, tableOf } from "../src/core/pivot";
import { rankedBy, RANKINGS, type Sums } from "../src/core/rankings";
import { useSorting } from "../src/core/sorting";
import { Dimension, RollupRowSchema } from "../src/gen/huizong/v1/rollup_pb";

test("CSV keeps commas, quotes and line ends, and no name becomes a formula", () => {
  const lines = [["名称", "数"], ['甲,"乙"\n丙', "=1+1"], ["-5", "-5"]];
  expect(csvOf(lines)).toBe('\ufeff"名称","数"\r\n"甲,""乙""\n丙","\'=1+1"\r\n"-5","-5"\r\n');
});

test("a table sorts by any column both ways, and what has no value stands at the end", () => {
  const rows = [{ name: "乙", count: 2n }, { name: "甲", count: undefined }, { name: "丙", count: 9007199254740993n }];
  const { sorted, sortBy, direction } = useSorting<(typeof rows)[number], "name" | "count">(() => rows, (row, column) => row[column]);
  expect(sorted.value).toEqual(rows);
  sortBy("count");
  expect([sorted.value.map((row) => row.name), direction("count")]).toEqual([["丙", "乙", "甲"], "descending"]);
  sortBy("count");
  expect([sorted.value.map((row) => row.name), direction("count"), direction("name")]).toEqual([["乙", "丙", "甲"], "ascending", "none"]);
});

const row = (measure: string, child: string, year: string, count: bigint) => create(RollupRowSchema, {
  measure, measureLabel: { zh: measure, en: measure }, value: { value: { case: "count", value: count } },
  keys: [{ dimension: Dimension.CHILD_JURISDICTION, value: { case: "jurisdiction", value: child }, label: { zh: child, en: child } }, { dimension: Dimension.YEAR, value: { case: "year", value: Number(year) }, label: { zh: year, en: year } }],
});

test("a table of one's own has its totals, and a cell that no report is in stays empty", () => {
  const layout = layoutOf({ lines: "requests.received", rows: "child", columns: "year", from: "2022", to: "2023" }, 2023);
  const table = tableOf(layout, [row("m", "甲", "2022", 1n), row("m", "甲", "2023", 2n), row("m", "乙", "2023", 9007199254740993n)].map((row) => ({ row })));
  expect(table.columns.map((one) => one.name)).toEqual(["2022", "2023"]);
  expect(table.rows.map((one) => one.cells)).toEqual([["1", "2"], ["", "9,007,199,254,740,993"]]);
  expect(table.totals).toEqual(["1", "9,007,199,254,740,995"]);
  // Of two lines of the form each has its own columns, and neither hides the other.
  const two = tableOf({ ...layout, measures: ["m", "n"] }, [row("m", "甲", "2023", 1n), row("n", "甲", "2023", 2n), row("m", "甲", "2022", 3n)].map((row) => ({ row })));
  expect(two.columns.map((one) => one.name)).toEqual(["2022 m", "2023 m", "2023 n"]);
  expect([two.rows[0]?.cells, two.totals]).toEqual([["3", "1", "2"], ["3", "1", "2"]]);
  expect(layoutOf({ rows: "nothing", from: "abc" }, 2023)).toEqual({ measures: ["requests.received"], rows: "child", columns: "measure", from: 2023, to: 2023, of: [] });
});

test("a table of chosen places and agencies has a row for each, in their order, and no total where one is part of another", () => {
  const layout = layoutOf({ rows: "chosen", columns: "year", from: "2022", to: "2023", of: "jurisdictions/230100,agencies/a-1,agencies/a-1,<b>" }, 2023);
  expect(layout.of).toEqual(["jurisdictions/230100", "agencies/a-1"]);
  const owners = [{ name: "jurisdictions/230100", displayName: "哈尔滨市" }, { name: "agencies/a-1", displayName: "甲局" }, { name: "agencies/b-1", displayName: "乙局" }];
  const found = [{ row: row("m", "", "2023", 5n), owner: owners[0]! }, { row: row("m", "", "2022", 2n), owner: owners[1]! }];
  const table = tableOf(layout, found, owners);
  expect(table.columns.map((one) => one.name)).toEqual(["2022", "2023"]);
  expect(table.rows.map((one) => [one.name, ...one.cells])).toEqual([["哈尔滨市", "", "5"], ["甲局", "2", ""], ["乙局", "", ""]]);
  expect(table.totals).toEqual(["2", "5"]);
  expect(tableOf(layout, found, owners, false).totals).toEqual([]);
});

test("places are ranked by a sum, a rate or a change, and one without a whole is not ranked at all", () => {
  const sums = (key: string, now: [string, bigint][], before: [string, bigint][] = []): Sums => ({ key, name: key, now: new Map(now), before: new Map(before) });
  const of = (key: string) => RANKINGS.find((one) => one.key === key)!;
  const places = [sums("甲", [["requests.refused", 1n], ["requests.outcomes_total", 4n]]), sums("乙", []), sums("丙", [["requests.refused", 2n], ["requests.outcomes_total", 4n]])];
  expect(rankedBy(of("refusedShare"), false, false, places).map(({ key, text }) => [key, text])).toEqual([["丙", "50.0%"], ["甲", "25.0%"], ["乙", "—"]]);
  const grown = [sums("甲", [["requests.received", 80n]], [["requests.received", 100n]]), sums("乙", [["requests.received", 3n]], [["requests.received", 2n]])];
  expect(rankedBy(of("received"), true, false, grown).map(({ key, text }) => [key, text])).toEqual([["乙", "+50.0%"], ["甲", "−20.0%"]]);
});
