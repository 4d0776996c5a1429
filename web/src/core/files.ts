// Files that the page makes itself: CSV as spreadsheets in China open it, and saving of anything.

/** A field of CSV; what a spreadsheet would take for a formula is made plain text. */
function field(text: string): string {
  return `"${(/^[=+\-@\t\r]/.test(text) && !/^-?[\d,.]+$/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
}

/** With a byte order mark, by which a spreadsheet knows UTF-8. */
export function csvOf(lines: string[][]): string {
  return `\ufeff${lines.map((line) => line.map(field).join(",")).join("\r\n")}\r\n`;
}

export function saveFile(name: string, content: BlobPart, type: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** What a table of figures is had as. */
export const TABLE_FORMATS = ["XLSX", "DOCX", "HTML", "CSV"] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

export const saveCsv = (name: string, lines: string[][]) => saveFile(`${name}.csv`, csvOf(lines), "text/csv;charset=utf-8");

/** The size of a file in words: 12.3 MB. */
export const sizeText = (bytes: number) => `${(bytes / (1 << 20)).toFixed(bytes % (1 << 20) === 0 ? 0 : 1)} MB`;
