// A table as a file to go on with: in a word processor, a spreadsheet or a browser. It is loaded when one is asked for.
import { strToU8, zipSync } from "fflate";
import { saveCsv, saveFile, type TableFormat } from "./files";
import { language } from "./language";
import { saveXlsx, type Sheet } from "./workbook";

/** Twentieths of a point: a page of A4 and its margins. */
const A4 = { short: 11_906, long: 16_838, margin: 1134 };
/** A table with more columns lies on its side. */
const UPRIGHT_MAX = 6;
const FONTS = '<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="宋体" w:cs="Times New Roman"/>';
/** Half points. */
const [TITLE, TEXT] = [32, 21];

/** What XML has no place for is left out. */
const escaped = (text: string) => text.replaceAll(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/gu, "").replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const isTotal = ({ lines, isTotalled }: Sheet, at: number) => isTotalled === true && at === lines.length - 1;

/** A page by itself: it knows no other file. */
export function htmlOf(title: string, sheet: Sheet, source: string): string {
  const cell = (text: string, at: number, column: number) =>
    at === 0 ? `<th scope="col">${escaped(text)}</th>` : column < sheet.names ? `<th scope="row">${escaped(text)}</th>` : `<td>${escaped(text)}</td>`;
  const rows = sheet.lines.map((line, at) => `<tr${isTotal(sheet, at) ? ' class="total"' : ""}>${line.map((text, column) => cell(text, at, column)).join("")}</tr>`);
  return `<!doctype html>
<html lang="${language.value === "zh" ? "zh-CN" : "en"}">
<head><meta charset="utf-8"><title>${escaped(title)}</title>
<style>
body { font-family: "Songti SC", SimSun, "Noto Serif CJK SC", serif; margin: 2rem }
table { border-collapse: collapse } caption { font-size: 1.3rem; margin-bottom: .6rem }
th, td { border: 1px solid; padding: .2rem .5rem; font-weight: normal; text-align: left } td { text-align: right; font-variant-numeric: tabular-nums }
thead th, .total { font-weight: bold }
</style></head>
<body>
<table><caption>${escaped(title)}</caption>
<thead>${rows[0] ?? ""}</thead>
<tbody>
${rows.slice(1).join("\n")}
</tbody></table>
<p>${escaped(source)}</p>
</body></html>
`;
}

const run = (text: string, size: number, isBold: boolean) => `<w:r><w:rPr>${FONTS}${isBold ? "<w:b/>" : ""}<w:sz w:val="${size}"/></w:rPr><w:t xml:space="preserve">${escaped(text)}</w:t></w:r>`;
const paragraph = (text: string, align: "left" | "center" | "right", size = TEXT, isBold = false) => `<w:p><w:pPr><w:jc w:val="${align}"/></w:pPr>${run(text, size, isBold)}</w:p>`;

const CONTENT_TYPES = `<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`;
const RELATIONS = `<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`;

/** For word processors: its head comes again on each page, and no row is parted. */
export function docxOf(title: string, sheet: Sheet, source: string): Uint8Array<ArrayBuffer> {
  const columns = sheet.lines[0]?.length ?? 0;
  const [width, height] = columns > UPRIGHT_MAX ? [A4.long, A4.short] : [A4.short, A4.long];
  // Names take twice as much as figures.
  const share = Math.floor((width - 2 * A4.margin) / (columns + sheet.names));
  const widthOf = (column: number) => (column < sheet.names ? 2 * share : share);
  const cell = (text: string, at: number, column: number) =>
    `<w:tc><w:tcPr><w:tcW w:w="${widthOf(column)}" w:type="dxa"/></w:tcPr>${paragraph(text, at === 0 ? "center" : column < sheet.names ? "left" : "right", TEXT, at === 0 || isTotal(sheet, at))}</w:tc>`;
  const rows = sheet.lines.map((line, at) => `<w:tr><w:trPr><w:cantSplit/>${at === 0 ? "<w:tblHeader/>" : ""}</w:trPr>${line.map((text, column) => cell(text, at, column)).join("")}</w:tr>`);
  const borders = ["top", "left", "bottom", "right", "insideH", "insideV"].map((side) => `<w:${side} w:val="single" w:sz="4" w:space="0" w:color="auto"/>`).join("");
  const grid = Array.from({ length: columns }, (_, column) => `<w:gridCol w:w="${widthOf(column)}"/>`).join("");
  const table = `<w:tbl><w:tblPr><w:tblW w:w="${share * (columns + sheet.names)}" w:type="dxa"/><w:tblBorders>${borders}</w:tblBorders><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>${grid}</w:tblGrid>${rows.join("")}</w:tbl>`;
  const page = `<w:sectPr><w:pgSz w:w="${width}" w:h="${height}"${columns > UPRIGHT_MAX ? ' w:orient="landscape"' : ""}/><w:pgMar w:top="${A4.margin}" w:right="${A4.margin}" w:bottom="${A4.margin}" w:left="${A4.margin}" w:header="567" w:footer="567" w:gutter="0"/></w:sectPr>`;
  const body = `<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>${paragraph(title, "center", TITLE, true)}${table}${paragraph(source, "left")}${page}</w:body></w:document>`;
  return zipSync({ "[Content_Types].xml": strToU8(CONTENT_TYPES), "_rels/.rels": strToU8(RELATIONS), "word/document.xml": strToU8(body) });
}

const WRITERS: Record<TableFormat, (title: string, sheet: Sheet, source: string) => void | Promise<void>> = {
  XLSX: saveXlsx,
  DOCX: (title, sheet, source) => saveFile(`${title}.docx`, docxOf(title, sheet, source), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
  HTML: (title, sheet, source) => saveFile(`${title}.html`, htmlOf(title, sheet, source), "text/html;charset=utf-8"),
  // A spreadsheet takes figures with separators for text.
  CSV: (title, { lines, names }) => saveCsv(title, lines.map((line, at) => line.map((text, column) => (at > 0 && column >= names ? text.replaceAll(",", "") : text)))),
};

export async function saveTable(format: TableFormat, title: string, sheet: Sheet, source: string): Promise<void> {
  await WRITERS[format](title, sheet, source);
}
