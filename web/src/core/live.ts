// Answers that keep up with the service: a load that is made anew when its question changes, and a watch that
// reconnects by itself.
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";
import { isCancelled, refusal, signInNeeded, type Refusal } from "./service";

export interface Loaded<A> {
  answer: ShallowRef<A | undefined>;
  refused: ShallowRef<Refusal | undefined>;
  loading: Ref<boolean>;
  again: () => void;
}

/** Loads an answer now, whenever `question` changes, and after signing in; an undefined question is not asked. */
export function useAnswer<Q, A>(
  question: () => Q | undefined,
  ask: (question: Q, signal: AbortSignal) => Promise<A>,
): Loaded<A> {
  const answer = shallowRef<A>();
  const refused = shallowRef<Refusal>();
  const loading = ref(false);
  const turn = ref(0);
  let controller = new AbortController();
  watch(
    [question, turn],
    async ([asked], before) => {
      controller.abort();
      if (asked === undefined) {
        answer.value = undefined;
        refused.value = undefined;
        return;
      }
      const mine = (controller = new AbortController());
      const isOther = before[0] !== undefined && JSON.stringify(asked) !== JSON.stringify(before[0]);
      if (isOther) answer.value = undefined;
      loading.value = true;
      try {
        const next = await ask(asked, mine.signal);
        if (mine.signal.aborted) return;
        answer.value = next;
        refused.value = undefined;
      } catch (error) {
        if (mine.signal.aborted || isCancelled(error)) return;
        refused.value = refusal(error);
        if (refused.value.passing) setTimeout(() => mine === controller && (turn.value += 1), RETRY_MS);
      } finally {
        if (mine === controller) loading.value = false;
      }
    },
    { immediate: true, flush: "post" },
  );
  watch(signInNeeded, (needed) => !needed && (turn.value += 1));
  onScopeDispose(() => controller.abort());
  return { answer, refused, loading, again: () => (turn.value += 1) };
}

/** How a watch stands. */
export type Connection = "waiting" | "live" | "broken";

const RETRY_MS = 2000;
const RETRY_MAX_MS = 30_000;

export interface Watched<A> {
  answer: ShallowRef<A | undefined>;
  refused: ShallowRef<Refusal | undefined>;
  connection: Ref<Connection>;
}

/** Follows a stream of answers; after a break it connects again, each time after a longer while. */
export function useWatch<Q, A>(
  question: () => Q | undefined,
  follow: (question: Q, signal: AbortSignal) => AsyncIterable<A>,
): Watched<A> {
  const answer = shallowRef<A>();
  const refused = shallowRef<Refusal>();
  const connection = ref<Connection>("waiting");
  let controller = new AbortController();
  const run = async (asked: Q, mine: AbortController) => {
    let pause = RETRY_MS;
    while (!mine.signal.aborted) {
      try {
        for await (const next of follow(asked, mine.signal)) {
          if (mine.signal.aborted) return;
          answer.value = next;
          refused.value = undefined;
          connection.value = "live";
          pause = RETRY_MS;
        }
      } catch (error) {
        if (mine.signal.aborted) return;
        refused.value = refusal(error);
        if (!refused.value.passing) {
          connection.value = "broken";
          return;
        }
      }
      connection.value = "broken";
      await sleep(pause, mine.signal);
      pause = Math.min(pause * 2, RETRY_MAX_MS);
    }
  };
  const restart = (asked: Q | undefined) => {
    controller.abort();
    if (asked === undefined) return;
    controller = new AbortController();
    void run(asked, controller);
  };
  watch(
    question,
    (asked) => {
      answer.value = undefined;
      refused.value = undefined;
      connection.value = "waiting";
      restart(asked);
    },
    { immediate: true, flush: "post" },
  );
  watch(signInNeeded, (needed) => restart(needed ? undefined : question()));
  onScopeDispose(() => controller.abort());
  return { answer, refused, connection };
}

/** Follows sums as they are now; those of the past, or over another tree, are asked for once. */
export function useSums<Q, A>(
  question: () => Q | undefined,
  isOther: () => boolean,
  follow: (question: Q, signal: AbortSignal) => AsyncIterable<{ answer?: A }>,
  ask: (question: Q, signal: AbortSignal) => Promise<A>,
) {
  const watched = useWatch(() => (isOther() ? undefined : question()), follow);
  const asked = useAnswer(() => (isOther() ? question() : undefined), ask);
  const now = <V>(other: V, present: V) => (isOther() ? other : present);
  return {
    answer: computed(() => now(asked.answer.value, watched.answer.value?.answer)),
    refused: computed(() => now(asked.refused.value, watched.refused.value)),
    /** Undefined where nothing is followed. */
    connection: computed(() => now(undefined, watched.connection.value)),
  };
}

/** A value that changes at once where it has not for a while, and then not again before the while is over. */
export function useThrottled<V>(source: () => V, everyMs: number): Readonly<Ref<V>> {
  const value = shallowRef(source());
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let last = 0;
  const take = () => {
    waiting = undefined;
    last = Date.now();
    value.value = source();
  };
  watch(source, () => {
    waiting ??= setTimeout(take, Math.max(0, last + everyMs - Date.now()));
  });
  onScopeDispose(() => clearTimeout(waiting));
  return value;
}

/** All items of an answer in pages. */
export async function all<P extends { nextPageToken: string }, I>(ask: (pageToken: string) => Promise<P>, itemsOf: (page: P) => I[]): Promise<I[]> {
  const found: I[] = [];
  let pageToken = "";
  do {
    const page = await ask(pageToken);
    found.push(...itemsOf(page));
    pageToken = page.nextPageToken;
  } while (pageToken);
  return found;
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
    globalThis.addEventListener?.("online", () => resolve(), { once: true, signal });
  });
}
