// Rows of sums as the pages need them.
import type { Dimension, QueryRollupResponse, RollupKey, RollupRow } from "../gen/huizong/v1/rollup_pb";
import { amountText, formatAmount, formatCount, formatValue, microOf, plainValue } from "./figures";
import { say } from "./language";
import type { Bar } from "../parts/charts";

/** The count of a row; undefined where it is an amount. */
export function countOf(row: RollupRow | undefined): bigint | undefined {
  return row?.value?.value.case === "count" ? row.value.value.value : undefined;
}

/** Whether a row's value is an amount. */
export const isAmountRow = (row: RollupRow | undefined) => row?.value?.value.case === "amountWanYuan";

/** The value of a row to sort and add by: a count, or whole numbers of 0.000001 万元. */
export function sizeOf(row: RollupRow): bigint {
  return countOf(row) ?? microOf(plainValue(row.value));
}

/** The value of a row as it is shown. */
export const valueText = (row: RollupRow) => formatValue(row.value);

/** A sum of sizes as the rows show their values. */
export const sumText = (sum: bigint, isAmount: boolean) => (isAmount ? formatAmount(amountText(sum)) : formatCount(sum));

/** The value of a row's group in a dimension. */
export function keyOf(row: RollupRow, dimension: Dimension): string | undefined {
  const key = row.keys.find((key) => key.dimension === dimension);
  return key && keyText(key);
}

/** What ends the key of a jurisdiction's own agencies. */
export const OWN = "/ownAgencies";

/** A group in one dimension as text: a resource name, a path, a year, or the number of a kind; undefined for none. */
export function keyText(key: RollupKey | undefined): string {
  const value = key?.value;
  if (value === undefined || value.case === undefined) return "";
  return value.case === "ownAgenciesOf" ? `${value.value}${OWN}` : String(value.value);
}

/** Rows with one dimension as bars: what they are called, and how many. */
export function barsOf(answer: QueryRollupResponse | undefined): (Bar & { value: string })[] {
  return (answer?.rows ?? []).map((row) => ({
    name: say(row.keys[0]?.label) || keyText(row.keys[0]),
    value: keyText(row.keys[0]),
    count: countOf(row) ?? 0n,
  }));
}

/** The largest first. */
export function ranked<B extends Bar>(bars: B[]): B[] {
  return [...bars].sort((one, other) => (one.count < other.count ? 1 : one.count > other.count ? -1 : 0));
}
