// What a person has the service do: whether it is under way, and why it was refused last.
import { ref, shallowRef } from "vue";
import { refusal, type Refusal } from "./service";

export function useAct() {
  const isBusy = ref(false);
  const failed = shallowRef<Refusal>();
  /** Does it; undefined where it was refused, which `failed` says until something else succeeds. */
  async function act<A>(call: () => Promise<A>): Promise<A | undefined> {
    isBusy.value = true;
    try {
      const answer = await call();
      failed.value = undefined;
      return answer;
    } catch (error) {
      failed.value = refusal(error);
      return undefined;
    } finally {
      isBusy.value = false;
    }
  }
  return { isBusy, failed, act };
}
