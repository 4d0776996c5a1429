import { afterEach, expect, test, vi } from "vitest";
import { attend, isAttended } from "../src/core/attendance";

afterEach(() => vi.useRealTimers());

test("a call is a person's shortly after they did something, and the page's own later", () => {
  vi.useFakeTimers();
  attend();
  expect(isAttended()).toBe(true);
  vi.advanceTimersByTime(4999);
  expect(isAttended()).toBe(true);
  vi.advanceTimersByTime(1);
  expect(isAttended()).toBe(false);
  attend();
  expect(isAttended()).toBe(true);
});
