// A figure as a person writes it. The grammar is the service's own (src/report/typed.rs); both are held to the examples
// in tests/fixtures/typed-figures.json. Digits, full-width ones too; separators of thousands in groups of three only; a
// sign where the cell may be negative; the cell's own unit behind. Anything else is refused: never two numbers as one.
import { CellKind } from "../gen/huizong/v1/filling_pb";

/** What a person wrote: a number (of 0.000001 万元 for an amount), blank, or not applicable. */
export type Typed = { number: bigint } | "blank" | "n/a";

const NOT_APPLICABLE = ["不适用", "n/a"];
/** What a person writes for a blank cell, besides nothing. */
export const BLANK_WORD = "空白";
const BLANK = [BLANK_WORD, "blank"];
const COUNT_UNITS = ["件", "条", "项", "个"];
const MONEY_UNITS = ["万元"];
const DECIMALS = 6;
/** Numbers are kept in 64 bits; whether one is in range is left to the rules. */
const MOST = 2n ** 63n - 1n;

/** Full-width digits and marks as those of ASCII; not the compatibility forms at large, which make digits of note marks. */
function narrow(text: string): string {
  return text.replace(/[０-９，．－−＋]/g, (mark) => "0123456789,.--+"["０１２３４５６７８９，．－−＋".indexOf(mark)] ?? mark);
}

const trim = (text: string) => text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "");

/** Undefined where it is no figure of the cell. */
export function parseTyped(written: string, kind: CellKind): Typed | undefined {
  const text = trim(written);
  if (text === "" || BLANK.includes(text)) return "blank";
  if (NOT_APPLICABLE.includes(text)) return "n/a";
  const money = kind === CellKind.AMOUNT;
  let number = narrow(text);
  const unit = (money ? MONEY_UNITS : COUNT_UNITS).find((unit) => number.endsWith(unit));
  if (unit) number = number.slice(0, -unit.length).replace(/\p{White_Space}+$/u, "");
  const match = /^([-+]?)(\d+|\d{1,3}(?:,\d{3})+)(?:\.(\d+))?$/.exec(number);
  if (!match) return undefined;
  const [, sign = "", whole = "", fraction] = match;
  if (sign && kind !== CellKind.SIGNED_COUNT) return undefined;
  if (fraction !== undefined && (!money || fraction.length > DECIMALS)) return undefined;
  const digits = whole.replaceAll(",", "") + (money ? (fraction ?? "").padEnd(DECIMALS, "0") : "");
  const magnitude = BigInt(digits);
  if (magnitude > MOST) return undefined;
  return { number: sign === "-" ? -magnitude : magnitude };
}

/** The text with its tabs and line ends to be seen. */
export function visible(text: string): string {
  return trim(text).replaceAll("\r", "").replaceAll("\t", "⇥").replaceAll("\n", "⏎");
}
