import { afterEach, expect, test, vi } from "vitest";
import { Code, ConnectError } from "@connectrpc/connect";
import { effectScope, nextTick, ref } from "vue";
import { useAnswer, useWatch } from "../src/core/live";

afterEach(() => vi.useRealTimers());

test("a watch that breaks off connects again, and shows the newest answer", async () => {
  vi.useFakeTimers();
  const scope = effectScope();
  let calls = 0;
  async function* follow() {
    calls += 1;
    yield calls;
    throw new ConnectError("gone", Code.Unavailable);
  }
  const watched = scope.run(() => useWatch(() => "question", follow))!;
  await vi.advanceTimersByTimeAsync(0);
  expect([watched.answer.value, watched.connection.value, calls]).toEqual([1, "broken", 1]);
  await vi.advanceTimersByTimeAsync(2000);
  expect([watched.answer.value, calls]).toEqual([2, 2]);
  scope.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(calls).toBe(2);
});

test("a refusal of the service ends a watch", async () => {
  vi.useFakeTimers();
  const scope = effectScope();
  let calls = 0;
  async function* follow(): AsyncGenerator<number> {
    calls += 1;
    throw new ConnectError("no", Code.PermissionDenied);
  }
  const watched = scope.run(() => useWatch(() => 1, follow))!;
  await vi.advanceTimersByTimeAsync(60_000);
  expect([calls, watched.refused.value?.code]).toEqual([1, Code.PermissionDenied]);
  scope.stop();
});

test("an answer to an earlier question never replaces that to a later one", async () => {
  const scope = effectScope();
  const question = ref(1);
  const waiting = new Map<number, (answer: string) => void>();
  const loaded = scope.run(() => useAnswer(() => question.value, (asked) => new Promise<string>((done) => waiting.set(asked, done))))!;
  await nextTick();
  question.value = 2;
  await nextTick();
  waiting.get(2)!("second");
  await new Promise((done) => setTimeout(done));
  waiting.get(1)!("first");
  await new Promise((done) => setTimeout(done));
  expect(loaded.answer.value).toBe("second");
  scope.stop();
});
