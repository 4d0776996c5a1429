// What a reviewer has written on a report and not sent yet: kept in this browser, for this person and this revision, until it is
// sent or taken out again. Another report, another page or a reload never loses it.
import { reactive, watch } from "vue";
import { keeper } from "./session";

export interface Remarks {
  /** The comment on the whole. */
  reason: string;
  /** Why the report is to be withdrawn. */
  withdrawing: string;
  comments: { cell: string; text: string }[];
}

const KEY = "huizong.remarks";
const blank = (): Remarks => ({ reason: "", withdrawing: "", comments: [] });

function load(key: string): Remarks {
  try {
    return { ...blank(), ...(JSON.parse(localStorage.getItem(key) ?? "{}") as Partial<Remarks>) };
  } catch {
    return blank();
  }
}
function store(key: string, remarks: Remarks) {
  try {
    if (remarks.reason.trim() || remarks.withdrawing.trim() || remarks.comments.length > 0) localStorage.setItem(key, JSON.stringify(remarks));
    else localStorage.removeItem(key);
  } catch {
    // Where the browser has no room it stays on the page all the same.
  }
}

export function useRemarks(revision: () => string | undefined) {
  /** Whoever sat here when the page came up. */
  const person = keeper.value;
  const remarks = reactive(blank());
  let key: string | undefined;
  watch(revision, (now) => {
    // What is put in by turning to another report is not written.
    key = undefined;
    const next = now ? `${KEY} ${person} ${now}` : undefined;
    Object.assign(remarks, next ? load(next) : blank());
    key = next;
  }, { immediate: true, flush: "sync" });
  watch(remarks, () => key && store(key, remarks), { deep: true, flush: "sync" });
  function comment(cell: string) {
    if (!remarks.comments.some((one) => one.cell === cell)) remarks.comments.push({ cell, text: "" });
  }
  /** They were sent. */
  const sent = () => Object.assign(remarks, blank());
  return { remarks, comment, sent };
}
