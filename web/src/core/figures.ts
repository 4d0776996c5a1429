// Exact figures: counts are bigint, amounts are decimal strings in 万元 with at most six decimals. No number is ever a
// floating point number on its way to the screen.

import type { CellValue } from "../gen/huizong/v1/cell_pb";

/** Decimals of 万元 that are kept. */
const DECIMALS = 6;
const MICRO = 10n ** BigInt(DECIMALS);

/** A count with its digits in groups of three. */
export function formatCount(count: bigint): string {
  const digits = (count < 0n ? -count : count).toString().replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return count < 0n ? `−${digits}` : digits;
}

/** The decimal string of a whole number of 0.000001 万元, without zeros at the end. */
export function amountText(micro: bigint): string {
  const absolute = micro < 0n ? -micro : micro;
  const fraction = (absolute % MICRO).toString().padStart(DECIMALS, "0").replace(/0+$/, "");
  return `${micro < 0n ? "-" : ""}${absolute / MICRO}${fraction ? `.${fraction}` : ""}`;
}

/** An amount with its digits in groups. */
export function formatAmount(text: string): string {
  const [whole = "0", fraction] = text.split(".");
  const grouped = formatCount(BigInt(whole === "-" ? 0 : whole));
  const sign = text.startsWith("-") && !grouped.startsWith("−") ? "−" : "";
  return `${sign}${grouped}${fraction ? `.${fraction}` : ""}`;
}

/** A value of a cell as a plain number; nothing for what is none. */
export function plainValue(value: CellValue | undefined): string {
  const is = value?.value;
  return is?.case === "count" || is?.case === "amountWanYuan" ? String(is.value) : "";
}

/** A value of a cell as it is shown: a number with its digits in groups. */
export function formatValue(value: CellValue | undefined): string {
  const plain = plainValue(value);
  return plain === "" ? "" : formatAmount(plain);
}

/** `part` of `whole` in per cent with one decimal, computed in integers; undefined where there is no whole. */
export function percent(part: bigint, whole: bigint): string | undefined {
  if (whole === 0n) return undefined;
  const absolute = (n: bigint) => (n < 0n ? -n : n);
  const tenths = (absolute(part) * 2000n + absolute(whole)) / (absolute(whole) * 2n);
  // What is nought when it is rounded has no sign.
  const sign = part < 0n !== whole < 0n && tenths !== 0n ? "−" : "";
  return `${sign}${formatCount(tenths / 10n)}.${tenths % 10n}%`;
}

/** How a figure changed, in per cent with a sign; undefined where there is nothing to compare with. */
export function change(now: bigint, before: bigint | undefined): string | undefined {
  if (before === undefined || before === 0n) return undefined;
  const text = percent(now - before, before);
  return text && signed(text);
}

/** Per cent with a plus where they are more than nought. */
export const signed = (percent: string) => (percent.startsWith("−") || percent === "0.0%" ? percent : `+${percent}`);

/** An amount in whole numbers of 0.000001 万元. */
export function microOf(text: string): bigint {
  const [whole = "0", fraction = ""] = text.replace(/^-/, "").split(".");
  const micro = BigInt(whole || 0) * MICRO + BigInt(fraction.padEnd(DECIMALS, "0").slice(0, DECIMALS));
  return text.startsWith("-") ? -micro : micro;
}

const TEN_THOUSAND = 10_000n;
/** Counts from here on are given in 万 in headlines, with one decimal; the exact one stands beside. */
const LARGE = 100_000n;

/** A count in 万 with one decimal; undefined where it is small enough to be written out. */
export function tenThousands(count: bigint): string | undefined {
  const absolute = count < 0n ? -count : count;
  if (absolute < LARGE) return undefined;
  const tenths = (absolute * 20n + TEN_THOUSAND) / (TEN_THOUSAND * 2n);
  return `${count < 0n ? "−" : ""}${formatCount(tenths / 10n)}.${tenths % 10n}`;
}
