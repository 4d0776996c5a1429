// Tables as workbooks, for those who go on with them in a spreadsheet. What writes them is loaded when one is asked for.
import { saveFile } from "./files";
import { t } from "./language";

const TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/** More figures than this a spreadsheet does not keep: a longer number stays text, and exact. */
const DIGITS_MAX = 15;
/** Of a sheet's name. */
const NAME_MAX = 31;
const WIDTH_MAX = 50;

/** A figure as the page shows it, as a number; none where it is no number, or one that would be rounded. */
export function numberIn(text: string): number | undefined {
  const plain = text.replaceAll(",", "").replace("−", "-");
  return /^-?\d+(\.\d+)?$/.test(plain) && plain.replace(/\D/g, "").length <= DIGITS_MAX ? Number(plain) : undefined;
}

export interface Sheet {
  /** The first row is the heading. */
  lines: string[][];
  /** Columns before the first figure; a code in them is text, however many figures it has. */
  names: number;
  /** Whether the last row is a total. */
  isTotalled?: boolean;
}

/** A table as XLSX, and below it where it comes from. */
export async function xlsxOf(name: string, { lines, names, isTotalled }: Sheet, source: string): Promise<Blob> {
  const { default: write } = await import("write-excel-file/universal");
  const isBold = (at: number) => at === 0 || (isTotalled === true && at === lines.length - 1);
  const cells = lines.map((line, at) =>
    line.map((text, column) => {
      const number = at > 0 && column >= names ? numberIn(text) : undefined;
      const weight = isBold(at) ? { fontWeight: "bold" as const } : {};
      return number === undefined ? { value: text, type: String, wrap: at === 0, ...weight } : { value: number, type: Number, format: Number.isInteger(number) ? "#,##0" : "#,##0.######", ...weight };
    }),
  );
  const width = (text: string) => text.replace(/[^\x00-\xff]/g, "aa").length + 2;
  const columns = (lines[0] ?? []).map((_, column) => ({ width: lines.reduce((widest, line) => Math.max(widest, Math.min(WIDTH_MAX, width(line[column] ?? ""))), 0) }));
  const sheet = name.replace(/[:\\/?*[\]]/g, " ").slice(0, NAME_MAX) || t("title");
  return write([...cells, [], [{ value: source, type: String }]], { columns, sheet, stickyRowsCount: 1 }).toBlob();
}

export async function saveXlsx(name: string, sheet: Sheet, source: string): Promise<void> {
  saveFile(`${name}.xlsx`, await xlsxOf(name, sheet, source), TYPE);
}
