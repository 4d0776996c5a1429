import { describe, expect, test } from "vitest";
import { amountText, change, formatAmount, formatCount, parseAmount, parseCount, percent } from "../src/core/figures";

describe("figures", () => {
  test("a count beyond 2^53 keeps every digit", () => {
    expect(formatCount(9007199254740993n)).toBe("9,007,199,254,740,993");
    expect(formatCount(-1234n)).toBe("−1,234");
    expect(parseCount("9,007,199,254,740,993")).toBe(9007199254740993n);
  });
  test("an amount keeps its six decimals and takes no more", () => {
    for (const text of ["59237.2449", "0.000001", "-4068.208", "18"]) expect(amountText(parseAmount(text)!)).toBe(text);
    expect(parseAmount("1.0000001")).toBeUndefined();
    expect(formatAmount("59237.2449")).toBe("59,237.2449");
    expect(formatAmount("-0.5")).toBe("−0.5");
  });
  test("what is no figure is not guessed", () => {
    for (const text of ["", "1.5", "十二", "1e3", "0x10"]) expect(parseCount(text)).toBeUndefined();
  });
  test("per cents are rounded half up in integers, and need a whole", () => {
    expect(percent(1n, 3n)).toBe("33.3%");
    expect(percent(1n, 800n)).toBe("0.1%");
    expect(percent(9007199254740993n, 9007199254740993n)).toBe("100.0%");
    expect(percent(1n, 0n)).toBeUndefined();
    expect(change(90n, 100n)).toBe("−10.0%");
    expect(change(110n, 100n)).toBe("+10.0%");
    expect(change(5n, undefined)).toBeUndefined();
  });
});
