import { strFromU8, unzipSync } from "fflate";
import { expect, test } from "vitest";
import { docxOf, htmlOf } from "../src/core/tableFile";
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

test("a table goes into a word processor and onto a page as it is, and no name becomes a part of the file", () => {
  const sheet = { lines: [["单位", "数"], ['甲"<b>&\u0000', "1,234"], ["总计", "1,234"]], names: 1, isTotalled: true };
  const files = unzipSync(docxOf("标题<", sheet, "来源"));
  const text = strFromU8(files["word/document.xml"]!);
  for (const kept of ["标题&lt;", "甲&quot;&lt;b&gt;&amp;</w:t>", ">1,234<", "来源"]) expect(text).toContain(kept);
  expect([...text.matchAll(/<w:tblHeader\/>/g)]).toHaveLength(1);
  expect([...text.matchAll(/<w:tr>/g)]).toHaveLength(3);
  const page = htmlOf("标题<", sheet, "来源");
  for (const kept of ["<caption>标题&lt;</caption>", '<th scope="row">甲&quot;&lt;b&gt;&amp;</th><td>1,234</td>', '<tr class="total">']) expect(page).toContain(kept);
});
