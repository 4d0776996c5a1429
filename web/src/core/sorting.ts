// Tables that a click on a heading sorts, and a second click the other way round.
import { computed, ref } from "vue";

export type Key = string | number | bigint | undefined;

export function useSorting<R, C extends string>(rows: () => R[], keyOf: (row: R, column: C) => Key, first: { column: C; down: boolean } | undefined = undefined) {
  const by = ref(first) as { value: { column: C; down: boolean } | undefined };
  const sorted = computed(() => {
    const order = by.value;
    if (!order) return rows();
    const sign = order.down ? -1 : 1;
    return [...rows()].sort((one, other) => {
      const [a, b] = [keyOf(one, order.column), keyOf(other, order.column)];
      // What has no value stands at the end, whichever way round.
      if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
      if (typeof a === "string" || typeof b === "string") return sign * String(a).localeCompare(String(b), "zh-CN");
      return a < b ? -sign : a > b ? sign : 0;
    });
  });
  function sortBy(column: C) {
    by.value = by.value?.column === column ? { column, down: !by.value.down } : { column, down: true };
  }
  const direction = (column: C): "ascending" | "descending" | "none" => (by.value?.column !== column ? "none" : by.value.down ? "descending" : "ascending");
  return { sorted, sortBy, direction };
}
