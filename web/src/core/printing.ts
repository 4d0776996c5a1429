// Whether the page is being put on paper: lists that show some of their rows show all of them then.
import { onScopeDispose, ref } from "vue";

export function usePrinting() {
  const isPrinting = ref(false);
  const begin = () => (isPrinting.value = true);
  const end = () => (isPrinting.value = false);
  globalThis.addEventListener("beforeprint", begin);
  globalThis.addEventListener("afterprint", end);
  onScopeDispose(() => {
    globalThis.removeEventListener("beforeprint", begin);
    globalThis.removeEventListener("afterprint", end);
  });
  return isPrinting;
}
