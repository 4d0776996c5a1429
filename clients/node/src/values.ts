/** Values of cells: what TypeScript has for them, and what is sent. */

import { create } from "@bufbuild/protobuf";
import { type CellValue, CellValueSchema, type FilledCell, FilledCellSchema } from "./gen/huizong/v1/cell_pb.js";

/** The mark 不适用. */
export const NOT_APPLICABLE = Symbol("not applicable");

/**
 * A count as a number without decimals or a bigint, an amount in 万元 as a decimal string (a number is not exact), null for
 * blank, which is not zero, or not applicable.
 */
export type Cell = number | bigint | string | null | typeof NOT_APPLICABLE;

/** Cells by their paths, such as "requests.received.total". */
export type Cells = Record<string, Cell>;

function toWire(value: Exclude<Cell, null>): CellValue {
  if (value === NOT_APPLICABLE) return create(CellValueSchema, { value: { case: "notApplicable", value: true } });
  if (typeof value === "string") return create(CellValueSchema, { value: { case: "amountWanYuan", value } });
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new TypeError(`${value} is no exact count; an amount is a decimal string`);
  }
  return create(CellValueSchema, { value: { case: "count", value: BigInt(value) } });
}

export function filled(cells: Cells): FilledCell[] {
  return Object.entries(cells).map(([cell, value]) =>
    create(FilledCellSchema, value === null ? { cell } : { cell, value: toWire(value) }),
  );
}

/** What was answered: a bigint, a decimal string, null or NOT_APPLICABLE. */
export function fromWire(value: CellValue | undefined): Exclude<Cell, number> {
  switch (value?.value.case) {
    case "count":
    case "amountWanYuan":
      return value.value.value;
    case "notApplicable":
      return NOT_APPLICABLE;
    default:
      return null;
  }
}
