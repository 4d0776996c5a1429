// A report as it is being filled in: where it started from, what is typed, what a document said, and the draft that is kept
// of it all the while. Nothing is judged here.
import { computed, nextTick, onScopeDispose, ref, shallowRef, watch, type Ref } from "vue";
import { Code } from "@connectrpc/connect";
import { collectionOf, deadlineOf } from "./collection";
import { dropDraft, loadDraft, onOtherDraft, saveDraft, type Draft } from "./draft";
import { cellsOf, computeTotals, parseCell, plainText, tilesOf, UNREAD, type Cells } from "./form";
import { useAnswer } from "./live";
import { scopeOf } from "./perspective";
import { isJurisdiction, nameOf } from "./owner";
import { blockOf, fillingOf } from "./paste";
import { forms } from "./clients/forms";
import { refusal, registry, reports, rollups } from "./service";
import { keeper } from "./session";
import { dateTimeText } from "./time";
import type { ReadDocumentResponse } from "../gen/huizong/v1/filling_pb";
import type { Report } from "../gen/huizong/v1/report_pb";

export const CHAPTERS = ["overview", "problems", "otherMatters"] as const;
export type Chapter = (typeof CHAPTERS)[number];

/** Where what stands in the form came from, besides what was typed. */
export type Origin = { kind: "blank" | "computed" } | { kind: "revision"; number: string } | { kind: "draft"; saved: string; isOld: boolean };

const SAVE_AFTER_MS = 300;

/** A report, or undefined where there is none. */
const reportOrNone = (name: string, signal: AbortSignal) =>
  reports.getReport({ name }, { signal }).then(
    ({ report }) => report,
    (error: unknown) => {
      if (refusal(error).code === Code.NotFound) return undefined;
      throw error;
    },
  );

/** When the report is due; an agency is due by the level of where it belongs. */
async function dueOf(owner: string, year: number, signal: AbortSignal) {
  const collection = await collectionOf(year, signal);
  if (isJurisdiction(owner)) return { ...deadlineOf(collection, undefined, owner), isOpen: collection !== undefined };
  const { agency } = await registry.getAgency({ name: owner }, { signal });
  const { jurisdiction } = await registry.getJurisdiction({ name: agency?.jurisdiction ?? "" }, { signal });
  return { ...deadlineOf(collection, jurisdiction?.level, owner), isOpen: collection !== undefined };
}

export function useFilling(owner: Ref<string | undefined>, year: Ref<number>) {
  const name = computed(() => (owner.value ? `${owner.value}/reports/${year.value}` : undefined));
  /** Whoever sat here when the page came up: what is kept as it goes away is theirs, even where another's sign-in took it away. */
  const person = keeper.value;

  /** Whose report it is, when it is due, and what is there already. */
  const before = useAnswer(
    () => (owner.value ? { owner: owner.value, year: year.value } : undefined),
    async ({ owner, year }, signal) => {
      const [ownerName, report, lastYear, deadline] = await Promise.all([
        nameOf(owner, signal),
        reportOrNone(`${owner}/reports/${year}`, signal),
        reportOrNone(`${owner}/reports/${year - 1}`, signal),
        dueOf(owner, year, signal),
      ]);
      const computed = isJurisdiction(owner) && !report ? await rollups.getConsolidatedForm({ scope: scopeOf(owner), year }, { signal }).catch(() => undefined) : undefined;
      return { owner, year, ownerName, report, lastYear: cellsOf(lastYear?.form), deadline, computed: computed?.form };
    },
  );

  // What is typed, by cell; blank cells are not in it.
  const texts = ref<Record<string, string>>({});
  const chapters = ref<Record<string, string>>({});
  const answers = ref<Record<string, string>>({});
  const reason = ref("");
  /** The etag of the revision that this one is to replace. */
  const basis = ref("");
  const read = shallowRef<ReadDocumentResponse>();
  const fileName = ref("");
  const source = shallowRef<Draft["source"]>();
  const filledByDocument = shallowRef<string[]>([]);
  const unreadInDocument = shallowRef<string[]>([]);
  const origin = shallowRef<Origin>({ kind: "blank" });
  /** Of which report what is typed is; none until it is known where it starts from. */
  const startedFor = ref<string>();

  const layout = useAnswer(
    () => ({ year: year.value, filled: filledByDocument.value }),
    (question, signal) => forms.getFormLayout(question, { signal }),
  );
  // A line in place of others is shown where the document has it; while that is asked for, the tables stay.
  const shownLayout = shallowRef<typeof layout.answer.value>();
  watch(layout.answer, (next) => next && (shownLayout.value = next));
  const tiles = computed(() => new Map(tilesOf(shownLayout.value).map((tile) => [tile.cell, tile])));

  const unread = computed(() => unreadInDocument.value.filter((cell) => !(texts.value[cell] ?? "").trim()));
  const parsed = computed(() => {
    const cells: Cells = new Map();
    const bad: string[] = [];
    for (const [cell, text] of Object.entries(texts.value)) {
      const tile = tiles.value.get(cell);
      if (text === "") continue;
      const result = tile && parseCell(text, tile.cellKind);
      if (!result) bad.push(cell);
      else if (result.cell !== undefined) cells.set(cell, result.cell);
    }
    for (const cell of unread.value) cells.set(cell, UNREAD);
    return { cells, bad };
  });
  const totals = computed(() => (shownLayout.value ? computeTotals(shownLayout.value, parsed.value.cells) : new Map<string, bigint>()));

  const draft = (): Draft => ({
    texts: texts.value, chapters: chapters.value, answers: answers.value, reason: reason.value, basis: basis.value,
    filled: filledByDocument.value, unread: unreadInDocument.value, fileName: fileName.value, source: source.value, saved: new Date().toISOString(),
  });
  function put(from: Omit<Draft, "saved">) {
    texts.value = { ...from.texts };
    chapters.value = { ...from.chapters };
    answers.value = { ...from.answers };
    reason.value = from.reason;
    basis.value = from.basis;
    filledByDocument.value = from.filled;
    unreadInDocument.value = from.unread;
    fileName.value = from.fileName;
    source.value = from.source;
  }
  const nothing = (etag: string): Omit<Draft, "saved"> => ({ texts: {}, chapters: {}, answers: {}, reason: "", basis: etag, filled: [], unread: [], fileName: "", source: undefined });

  /** The last revision with what its rules filled in taken out again, so that sums are computed anew. */
  function fromRevision(report: Report): Omit<Draft, "saved"> {
    const cells = cellsOf(report.form);
    const typed = [...cells].filter(([path]) => !report.computed.some(({ cell }) => cell === path));
    return {
      ...nothing(report.etag),
      texts: Object.fromEntries(typed.map(([path, cell]) => [path, plainText(cell)])),
      chapters: Object.fromEntries(CHAPTERS.map((chapter) => [chapter, report.narrative?.[chapter] ?? ""])),
      answers: Object.fromEntries(report.answers.map((one) => [`${one.rule} ${one.cell}`, one.reason])),
      filled: [...cells.keys()],
    };
  }

  type Known = NonNullable<typeof before.answer.value>;
  function startAnew({ report, computed }: Known) {
    const cells = cellsOf(computed);
    if (report) put(fromRevision(report));
    else put({ ...nothing(""), texts: Object.fromEntries([...cells].map(([path, cell]) => [path, plainText(cell)])), filled: [...cells.keys()] });
    origin.value = report ? { kind: "revision", number: report.revision.split("/").pop() ?? "" } : { kind: computed ? "computed" : "blank" };
  }
  function start(known: Known) {
    const kept = loadDraft(person, `${known.owner}/reports/${known.year}`);
    if (kept) {
      put(kept);
      origin.value = { kind: "draft", saved: dateTimeText(new Date(kept.saved)), isOld: kept.basis !== (known.report?.etag ?? "") };
    } else startAnew(known);
    read.value = undefined;
    pasted.value = undefined;
    beforeRead.value = undefined;
    saved.value = kept?.saved;
    startedFor.value = `${known.owner}/reports/${known.year}`;
  }
  watch(before.answer, (known) => known && startedFor.value !== name.value && start(known));

  // The draft is kept as it is typed, and at once when the page is left.
  const saved = ref<string>();
  const isFull = ref(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isRestoring = false;
  function keep() {
    if (timer === undefined || !startedFor.value) return;
    clearTimeout(timer);
    timer = undefined;
    const now = draft();
    isFull.value = !saveDraft(person, startedFor.value, now);
    saved.value = now.saved;
  }
  watch([texts, chapters, answers, reason], () => {
    if (isRestoring || !startedFor.value) return;
    clearTimeout(timer);
    timer = setTimeout(keep, SAVE_AFTER_MS);
  }, { deep: true });
  // What is put into the form by starting is not typed.
  async function settle() {
    isRestoring = true;
    await nextTick();
    isRestoring = false;
    clearTimeout(timer);
    timer = undefined;
  }
  watch(startedFor, settle, { flush: "sync" });
  // All windows of a browser have one draft: what is typed in one is in the others, so that none writes over it what it had before.
  const deafen = onOtherDraft(person, () => startedFor.value, (other) => {
    // It is being typed here, too: what is typed last is kept.
    if (timer !== undefined) return;
    void settle();
    if (other) {
      put(other);
      saved.value = other.saved;
    } else {
      // It was handed in there, or thrown away.
      saved.value = undefined;
      startedFor.value = undefined;
      before.again();
    }
  });
  watch(name, () => {
    keep();
    startedFor.value = undefined;
    put(nothing(""));
    saved.value = undefined;
    if (before.answer.value && name.value === `${before.answer.value.owner}/reports/${before.answer.value.year}`) start(before.answer.value);
  }, { flush: "sync" });
  globalThis.addEventListener("pagehide", keep);
  onScopeDispose(() => {
    keep();
    deafen();
    globalThis.removeEventListener("pagehide", keep);
  });
  /** Throws away what was typed, by the person's own choice or because it was handed in. */
  function forget() {
    clearTimeout(timer);
    timer = undefined;
    if (startedFor.value) dropDraft(person, startedFor.value);
    saved.value = undefined;
  }
  function dropAndStartAnew() {
    forget();
    if (!before.answer.value) return;
    startAnew(before.answer.value);
    void nextTick(forget);
  }

  // A document takes the place of what is typed once it has been read, and not before; that can be undone.
  const beforeRead = shallowRef<{ draft: Draft; read: ReadDocumentResponse | undefined }>();
  function takeDocument(answer: ReadDocumentResponse, name: string) {
    beforeRead.value = { draft: draft(), read: read.value };
    const cells = cellsOf(answer.form);
    put({
      ...draft(), fileName: name, source: answer.source, filled: [...cells.keys()], unread: answer.form?.unread ?? [], answers: {},
      texts: Object.fromEntries([...cells].map(([path, cell]) => [path, plainText(cell)])),
      chapters: Object.fromEntries(CHAPTERS.map((chapter) => [chapter, answer.narrative?.[chapter] ?? ""])),
    });
    read.value = answer;
    pasted.value = undefined;
  }
  function undoRead() {
    if (!beforeRead.value) return;
    put(beforeRead.value.draft);
    read.value = beforeRead.value.read;
    beforeRead.value = undefined;
  }

  /** What was pasted last, and what stood there before. */
  const pasted = shallowRef<{ cells: Set<string>; outside: number; before: Record<string, string> }>();
  /** Takes a block of cells from the clipboard; false for a single value, which is typed like any other. */
  function paste(text: string, first: string): boolean {
    const block = blockOf(text);
    if (!block || !shownLayout.value) return false;
    const filling = fillingOf(shownLayout.value, first, block);
    pasted.value = { cells: new Set(filling.texts.keys()), outside: filling.outside, before: { ...texts.value } };
    texts.value = { ...texts.value, ...Object.fromEntries(filling.texts) };
    return true;
  }
  function undoPaste() {
    if (pasted.value) texts.value = pasted.value.before;
    pasted.value = undefined;
  }

  return {
    name, before, layout, shownLayout, tiles, texts, chapters, answers, reason, basis, source, fileName, read, origin, startedFor, saved, isFull,
    unread, parsed, totals, pasted, beforeRead, takeDocument, undoRead, paste, undoPaste, forget, dropAndStartAnew, keep,
  };
}

export type Filling = ReturnType<typeof useFilling>;
