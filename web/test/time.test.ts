import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { deadlineDay, deadlineText, endOfDay, leftText, timeText, yearNow } from "../src/core/time";

const at = (text: string) => timestampFromDate(new Date(text));

test("times are Beijing time, whatever the machine's zone", () => {
  expect(timeText(at("2026-01-31T16:05:09Z"))).toBe("2026-02-01 00:05");
  expect(yearNow(Date.parse("2025-12-31T15:59:59Z"))).toBe(2025);
  expect(yearNow(Date.parse("2025-12-31T16:00:00Z"))).toBe(2026);
});

test("midnight is the end of the day before, and a day is entered as it is shown", () => {
  expect(deadlineText(at("2026-01-31T16:00:00Z"))).toBe("2026-01-31 24:00");
  expect(deadlineText(at("2026-01-31T09:30:00Z"))).toBe("2026-01-31 17:30");
  expect(deadlineDay(endOfDay("2026-01-31"))).toBe("2026-01-31");
  expect(deadlineDay(undefined)).toBe("");
  for (const text of ["", "2026-1-31", "2026-13-01", "tomorrow"]) expect(endOfDay(text)).toBeUndefined();
});

test("what is left is said in days, on the last day in hours, and then how long it is over", () => {
  const due = at("2026-01-31T16:00:00Z");
  const left = (now: string) => leftText(due, Date.parse(now));
  expect(left("2026-01-29T15:00:00Z")).toBe("还有2天");
  expect(left("2026-01-31T10:30:00Z")).toBe("还有5小时");
  expect(left("2026-01-31T15:59:00Z")).toBe("还有1小时");
  expect(left("2026-01-31T17:00:00Z")).toBe("今日已过");
  expect(left("2026-02-03T16:00:00Z")).toBe("已过3天");
});
