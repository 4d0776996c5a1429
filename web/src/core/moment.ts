// The moment of which sums are, in words.
import { ref, watch } from "vue";
import { t } from "./language";
import { usePerspective } from "./perspective";
import { dateTimeText } from "./time";

/** Of present sums the moment when they came; of past ones, whose moment is told where it is chosen, the number of their entry. */
export function useMoment(sequence: () => bigint | undefined): () => string {
  const { isOther } = usePerspective();
  const at = ref("");
  watch(sequence, () => (at.value = dateTimeText(new Date())), { immediate: true });
  return () => {
    const now = sequence();
    return now === undefined ? "" : isOther.value ? t("asOf", { sequence: now }) : t("asOfMoment", { time: at.value, sequence: now });
  };
}
