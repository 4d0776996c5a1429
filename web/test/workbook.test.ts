import { strFromU8, unzipSync } from "fflate";
import { expect, test } from "vitest";
import { numberIn, xlsxOf } from "../src/core/workbook";

test("a figure is a number where a spreadsheet keeps all of it, and else text", () => {
  expect(["1,234", "−5", "-0.5", "12.345678"].map(numberIn)).toEqual([1234, -5, -0.5, 12.345678]);
  expect(["", "—", "1,234,567,890,123,456", "55.1%", "=1+1", "230000 "].map(numberIn)).toEqual(Array(6).fill(undefined));
});

test("names and codes stay text, figures are numbers, and what would be rounded stays exact", async () => {
  const lines = [["代码", "数"], ["230000", "1,234"], ["=1+1", "1,234,567,890,123,456"], ["总计", "7"]];
  const files = unzipSync(new Uint8Array(await (await xlsxOf("甲/乙", { lines, names: 1, isTotalled: true }, "来源")).arrayBuffer()));
  const text = (name: string) => strFromU8(files[name]!);
  const sheet = text("xl/worksheets/sheet1.xml");
  const strings = text("xl/sharedStrings.xml");
  expect(sheet).toMatch(/<v>1234<\/v>/);
  expect(sheet).not.toMatch(/<f>|<v>230000<|<v>1234567/);
  for (const kept of ["230000", "=1+1", "1,234,567,890,123,456", "来源"]) expect(strings).toContain(kept);
  expect(text("xl/workbook.xml")).toContain('name="甲 乙"');
});
