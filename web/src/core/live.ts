// Answers that keep up with the service: a load that is made anew when its question changes, and a watch that
// reconnects by itself.
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";
import { isCancelled, refusal, signInNeeded, type Refusal } from "./service";

export interface Loaded<A> {
  answer: ShallowRef<A | undefined>;
  refused: ShallowRef<Refusal | undefined>;
  loading: Ref<boolean>;
  /** After a refusal, it is asked again by itself. */
  retrying: Ref<boolean>;
  /** When the answer was given. */
  since: Ref<Date | undefined>;
  again: () => void;
}

/** Loads an answer now, whenever `question` is another one or `fresh` has changed, and after signing in; an undefined
 * question is not asked. An answer stays until there is the next one to the same question, and never stands for another. */
export function useAnswer<Q, A>(
  question: () => Q | undefined,
  ask: (question: Q, signal: AbortSignal) => Promise<A>,
  fresh: () => unknown = () => undefined,
): Loaded<A> {
  const answer = shallowRef<A>();
  const refused = shallowRef<Refusal>();
  const loading = ref(false);
  const retrying = ref(false);
  const since = ref<Date>();
  const turn = ref(0);
  let controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const asked = computed(question);
  const key = computed(() => (asked.value === undefined ? undefined : JSON.stringify(asked.value)));
  const freshness = computed(() => String(fresh()));
  watch(
    [key, turn, freshness],
    async ([now], before) => {
      controller.abort();
      clearTimeout(timer);
      retrying.value = false;
      if (now !== before[0]) {
        answer.value = undefined;
        refused.value = undefined;
      }
      if (asked.value === undefined) {
        loading.value = false;
        return;
      }
      const mine = (controller = new AbortController());
      loading.value = true;
      try {
        const next = await ask(asked.value, mine.signal);
        if (mine.signal.aborted) return;
        answer.value = next;
        since.value = new Date();
        refused.value = undefined;
      } catch (error) {
        if (mine.signal.aborted || isCancelled(error)) return;
        refused.value = refusal(error);
        if (refused.value.passing) {
          retrying.value = true;
          timer = setTimeout(() => (turn.value += 1), RETRY_MS);
        }
      } finally {
        if (mine === controller) loading.value = false;
      }
    },
    { immediate: true, flush: "post" },
  );
  watch(signInNeeded, (needed) => !needed && (turn.value += 1));
  onScopeDispose(() => {
    controller.abort();
    clearTimeout(timer);
  });
  return { answer, refused, loading, retrying, since, again: () => (turn.value += 1) };
}

/** How a watch stands. */
export type Connection = "waiting" | "live" | "broken";

const RETRY_MS = 2000;
const RETRY_MAX_MS = 30_000;

export interface Watched<A> {
  answer: ShallowRef<A | undefined>;
  refused: ShallowRef<Refusal | undefined>;
  connection: Ref<Connection>;
  again: () => void;
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
  const key = computed(() => JSON.stringify(question()));
  watch(
    key,
    () => {
      answer.value = undefined;
      refused.value = undefined;
      connection.value = "waiting";
      restart(question());
    },
    { immediate: true, flush: "post" },
  );
  watch(signInNeeded, (needed) => restart(needed ? undefined : question()));
  onScopeDispose(() => controller.abort());
  return { answer, refused, connection, again: () => restart(question()) };
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
    /** After a refusal, it is asked again by itself. */
    retrying: computed(() => now(asked.retrying.value, watched.refused.value?.passing ?? false)),
    again: () => (isOther() ? asked.again() : watched.again()),
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
