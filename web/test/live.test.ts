import { afterEach, expect, test, vi } from "vitest";
import { Code, ConnectError } from "@connectrpc/connect";
import { effectScope, nextTick, ref } from "vue";
import { all, useAnswer, useThrottled, useWatch } from "../src/core/live";
import { signInNeeded } from "../src/core/service";

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

test("a value that changes often is taken at once, then once in a while, and the last change is never lost", async () => {
  vi.useFakeTimers();
  const scope = effectScope();
  const source = ref(0);
  const slow = scope.run(() => useThrottled(() => source.value, 5000))!;
  const seen: number[] = [];
  for (let at = 1; at <= 12; at += 1) {
    source.value = at;
    await vi.advanceTimersByTimeAsync(1000);
    if (seen.at(-1) !== slow.value) seen.push(slow.value);
  }
  expect(seen[0]).toBe(1);
  expect(seen.length).toBeLessThanOrEqual(3);
  await vi.advanceTimersByTimeAsync(5000);
  expect(slow.value).toBe(12);
  scope.stop();
});

test("pages are read to the last", async () => {
  const pages: Record<string, { items: number[]; nextPageToken: string }> = { "": { items: [1, 2], nextPageToken: "b" }, b: { items: [3], nextPageToken: "" } };
  expect(await all(async (token) => pages[token]!, (page) => page.items)).toEqual([1, 2, 3]);
});

test("what was refused for want of credentials is asked anew after signing in", async () => {
  const scope = effectScope();
  let isKnown = false;
  const ask = async () => {
    if (!isKnown) throw new ConnectError("who", Code.Unauthenticated);
    return "answer";
  };
  const loaded = scope.run(() => useAnswer(() => "question", ask))!;
  await new Promise((done) => setTimeout(done));
  expect(loaded.refused.value?.code).toBe(Code.Unauthenticated);
  signInNeeded.value = isKnown = true;
  await new Promise((done) => setTimeout(done));
  expect(loaded.answer.value).toBeUndefined();
  signInNeeded.value = false;
  await new Promise((done) => setTimeout(done));
  expect([loaded.answer.value, loaded.refused.value]).toEqual(["answer", undefined]);
  scope.stop();
});

test("an answer stays until the next one to the same question is there, and never stands for another", async () => {
  const scope = effectScope();
  const [question, fresh] = [ref("a"), ref(0)];
  let fails = false;
  const loaded = scope.run(() => useAnswer(() => ({ question: question.value }), async ({ question }) => {
    await new Promise((done) => setTimeout(done));
    if (fails) throw new ConnectError("no", Code.PermissionDenied);
    return `${question}${fresh.value}`;
  }, () => fresh.value))!;
  const settled = () => new Promise((done) => setTimeout(done, 10));
  await settled();
  expect(loaded.answer.value).toBe("a0");
  fresh.value = 1;
  await nextTick();
  expect(loaded.answer.value).toBe("a0");
  await settled();
  expect(loaded.answer.value).toBe("a1");
  // A refusal of the same question leaves the answer of before, with what is wrong; another question has neither.
  fails = true;
  fresh.value = 2;
  await settled();
  expect([loaded.answer.value, loaded.refused.value?.code, loaded.retrying.value]).toEqual(["a1", Code.PermissionDenied, false]);
  question.value = "b";
  await settled();
  expect([loaded.answer.value, loaded.refused.value?.code]).toEqual([undefined, Code.PermissionDenied]);
  fails = false;
  loaded.again();
  await settled();
  expect([loaded.answer.value, loaded.refused.value]).toEqual(["b2", undefined]);
  scope.stop();
});

test("a load that cannot reach the service is made again by itself, and says so", async () => {
  vi.useFakeTimers();
  const scope = effectScope();
  let calls = 0;
  const loaded = scope.run(() => useAnswer(() => "question", async () => {
    calls += 1;
    if (calls === 1) throw new ConnectError("gone", Code.Unavailable);
    return calls;
  }))!;
  await vi.advanceTimersByTimeAsync(0);
  expect([loaded.answer.value, loaded.retrying.value]).toEqual([undefined, true]);
  await vi.advanceTimersByTimeAsync(2000);
  expect([loaded.answer.value, loaded.retrying.value, loaded.refused.value]).toEqual([2, false, undefined]);
  scope.stop();
});
