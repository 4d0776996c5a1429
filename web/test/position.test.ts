import { expect, test } from "vitest";
import { later } from "../src/core/position";

test("the later of two positions is the one with the larger number", () => {
  expect(later("", "12-ab")).toBe("12-ab");
  expect(later("12-ab", "9-cd")).toBe("12-ab");
  expect(later("9-cd", "12-ab")).toBe("12-ab");
  expect(later("12-ab", "12-cd")).toBe("12-ab");
  // Beyond what floating point keeps apart.
  expect(later("9007199254740993-a", "9007199254740992-b")).toBe("9007199254740993-a");
});

test("what is no position counts for nothing", () => {
  expect(later("12-ab", "")).toBe("12-ab");
  expect(later("12-ab", "newest")).toBe("12-ab");
  expect(later("", "")).toBe("");
});
