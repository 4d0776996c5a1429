import { expect, test } from "vitest";
import { distributionOf } from "../src/core/distribution";

test("every agency is in one class, by its count", () => {
  const { classes, median } = distributionOf([0n, 0n, 1n, 9n, 10n, 99n, 100n, 999n, 1000n, 12345n]);
  expect(classes.map(({ name, agencies }) => [name, agencies])).toEqual([["0", 2], ["1–9", 2], ["10–99", 2], ["100–999", 2], ["≥ 1,000", 2]]);
  expect(median).toBe(10n);
});

test("the middle of an odd number is the one in the middle, of none there is none", () => {
  expect(distributionOf([30n, 10n, 20n]).median).toBe(20n);
  expect(distributionOf([])).toEqual({ classes: expect.arrayContaining([{ name: "0", agencies: 0 }]), median: undefined });
});
