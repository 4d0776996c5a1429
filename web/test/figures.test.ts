import { describe, expect, test } from "vitest";
import { amountText, change, formatAmount, formatCount, microOf, percent, tenThousands } from "../src/core/figures";

describe("figures", () => {
  test("a count beyond 2^53 keeps every digit", () => {
    expect(formatCount(9007199254740993n)).toBe("9,007,199,254,740,993");
    expect(formatCount(-1234n)).toBe("−1,234");
  });
  test("an amount keeps its six decimals", () => {
    for (const [micro, text] of [[59237244900n, "59237.2449"], [1n, "0.000001"], [-4068208000n, "-4068.208"], [18000000n, "18"]] as const) expect(amountText(micro)).toBe(text);
    expect(formatAmount("59237.2449")).toBe("59,237.2449");
    expect(formatAmount("-0.5")).toBe("−0.5");
  });
  test("per cents are rounded half up in integers, and need a whole", () => {
    expect(percent(1n, 3n)).toBe("33.3%");
    expect(percent(1n, 800n)).toBe("0.1%");
    expect(percent(9007199254740993n, 9007199254740993n)).toBe("100.0%");
    expect(percent(1n, 0n)).toBeUndefined();
    expect(change(90n, 100n)).toBe("−10.0%");
    expect(change(110n, 100n)).toBe("+10.0%");
    expect(change(100_049n, 100_000n)).toBe("0.0%");
    expect(change(99_951n, 100_000n)).toBe("0.0%");
    expect(change(99_949n, 100_000n)).toBe("−0.1%");
    expect(change(5n, undefined)).toBeUndefined();
  });
  test("large counts are given in 万 with one decimal, small ones as they are", () => {
    expect(tenThousands(1_234_567n)).toBe("123.5");
    expect(tenThousands(99_999n)).toBeUndefined();
    expect(tenThousands(-150_000n)).toBe("−15.0");
  });
  test("amounts are sorted and added up in whole numbers of their smallest part", () => {
    for (const [text, micro] of [["59237.2449", 59237244900n], ["-0.5", -500000n], ["18", 18000000n], ["0.000001", 1n]] as const) expect(microOf(text)).toBe(micro);
  });
});
