// Rows of sums as the pages need them.
import type { Dimension, QueryRollupResponse, RollupRow } from "../gen/huizong/v1/rollup_pb";
import { amountText, formatAmount, formatCount, microOf } from "./figures";
import { say } from "./language";
import type { Bar } from "../parts/charts";

/** The count of a row; undefined where it is an amount. */
export function countOf(row: RollupRow | undefined): bigint | undefined {
  return row?.value.case === "count" ? row.value.value : undefined;
}

/** The value of a row to sort and add by: a count, or whole numbers of 0.000001 万元. */
export function sizeOf(row: RollupRow): bigint {
  return row.value.case === "count" ? row.value.value : microOf(row.value.value ?? "0");
}

/** The value of a row as it is shown. */
export const valueText = (row: RollupRow) => (row.value.case === "count" ? formatCount(row.value.value) : formatAmount(row.value.value ?? ""));

/** A sum of sizes as the rows show their values. */
export const sumText = (sum: bigint, isAmount: boolean) => (isAmount ? formatAmount(amountText(sum)) : formatCount(sum));

/** The value of a row's group in a dimension. */
export function keyOf(row: RollupRow, dimension: Dimension): string | undefined {
  return row.keys.find((key) => key.dimension === dimension)?.value;
}

/** Rows with one dimension as bars: what they are called, and how many. */
export function barsOf(answer: QueryRollupResponse | undefined): (Bar & { value: string })[] {
  return (answer?.rows ?? []).map((row) => ({
    name: say(row.keys[0]?.label) || row.keys[0]?.value || "",
    value: row.keys[0]?.value ?? "",
    count: countOf(row) ?? 0n,
  }));
}

/** The largest first. */
export function ranked<B extends Bar>(bars: B[]): B[] {
  return [...bars].sort((one, other) => (one.count < other.count ? 1 : one.count > other.count ? -1 : 0));
}
