// The rows of a list that are drawn: all of a short one and on paper; of a long one those to be seen in its window.
import { computed, type Ref } from "vue";
import { useVirtualizer } from "@tanstack/vue-virtual";
import { usePrinting } from "./printing";
import { DRAWN_WHOLE, OVERSCAN } from "./sizes";

export interface Drawn<R> {
  index: number;
  row: R;
}

/** `window` is what scrolls; `height` a guess at a row's, in pixels: each is measured when it is drawn. */
export function useRows<R>(rows: () => R[], window: Ref<HTMLElement | undefined>, height: number) {
  const isPrinting = usePrinting();
  const isLong = computed(() => rows().length > DRAWN_WHOLE && !isPrinting.value);
  const virtualizer = useVirtualizer(
    computed(() => ({ count: isLong.value ? rows().length : 0, getScrollElement: () => window.value ?? null, estimateSize: () => height, overscan: OVERSCAN })),
  );
  const seen = computed(() => virtualizer.value.getVirtualItems());
  const drawn = computed<Drawn<R>[]>(() => {
    const all = rows();
    if (!isLong.value) return all.map((row, index) => ({ index, row }));
    return seen.value.flatMap(({ index }) => (index < all.length ? { index, row: all[index]! } : []));
  });
  /** The heights of what is not drawn above and below, in pixels. */
  const before = computed(() => (isLong.value ? (seen.value[0]?.start ?? 0) : 0));
  const after = computed(() => (isLong.value ? virtualizer.value.getTotalSize() - (seen.value.at(-1)?.end ?? 0) : 0));
  const measure = (element: unknown) => isLong.value && element instanceof HTMLElement && virtualizer.value.measureElement(element);
  function show(index: number) {
    if (isLong.value) virtualizer.value.scrollToIndex(index);
    else window.value?.querySelector(`[data-index="${index}"]`)?.scrollIntoView({ block: "nearest" });
  }
  return { isLong, drawn, before, after, measure, show };
}
