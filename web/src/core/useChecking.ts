// Has the service check a report that is being filled in, and hands it in. What the service found stays beside the figures
// that it was found in, and never beside those of another report.
import { computed, nextTick, ref, shallowRef, watch } from "vue";
import { cellsOf, cellText, formOf, plainText, UNREAD, type Cell, type Cells } from "./form";
import { newId } from "./ids";
import { forms } from "./clients/forms";
import { type Refusal, refusal, reports } from "./service";
import { saveFile, sizeText } from "./files";
import { t } from "./language";
import { keepReceipt } from "./receipts";
import { keeper } from "./session";
import { CHAPTERS, type Filling } from "./useFilling";
import { Severity, type Diagnosis, type Finding } from "../gen/huizong/v1/problem_pb";
import type { Report, SubmitReportResponse } from "../gen/huizong/v1/report_pb";

/** What the service takes of a document at most. */
export const DOCUMENT_MAX_BYTES = 8 << 20;

export const cellOf = (finding: Finding) => finding.left[0]?.cell ?? finding.right[0]?.cell ?? "";
export const keyOf = (finding: Finding) => `${finding.rule} ${cellOf(finding)}`;

/** A cell in which two versions of a report differ. */
export interface Clash {
  cell: string;
  theirs: Cell;
  mine: Cell;
  takes: "theirs" | "mine";
}

export function clashesOf(theirs: Cells, mine: Cells): Clash[] {
  const cells = [...new Set([...theirs.keys(), ...mine.keys()])];
  return cells.filter((cell) => cellText(theirs.get(cell)) !== cellText(mine.get(cell))).map((cell) => ({ cell, theirs: theirs.get(cell), mine: mine.get(cell), takes: "mine" }));
}

export function useChecking(filling: Filling) {
  const { name, texts, chapters, answers, reason, basis, source, parsed } = filling;
  const findings = shallowRef<Finding[]>([]);
  const diagnoses = shallowRef<Diagnosis[]>([]);
  const failed = ref<Refusal>();
  const complaint = ref("");
  const passes = ref(false);
  const isBusy = ref(false);
  const isReading = ref(false);
  /** What was checked; the findings are of this. */
  const checked = ref("");
  const conflict = shallowRef<{ report: Report; clashes: Clash[] }>();
  /** The year that the document says where it is another one. */
  const otherYear = ref<number>();

  const narrative = computed(() => {
    const written = CHAPTERS.filter((chapter) => chapters.value[chapter]?.trim());
    return written.length > 0 ? Object.fromEntries(written.map((chapter) => [chapter, chapters.value[chapter]])) : undefined;
  });
  const figures = computed(() => JSON.stringify([[...parsed.value.cells].map(([path, cell]) => [path, String(cell)]), narrative.value]));
  /** As it is typed: the tables, by which it is understood, may be those of before for a moment. */
  const typed = computed(() => JSON.stringify([texts.value, chapters.value]));
  const isStale = computed(() => findings.value.length > 0 && checked.value !== typed.value);
  watch(typed, () => (passes.value = false));
  const warnings = computed(() => findings.value.filter((finding) => finding.severity === Severity.WARNING));
  const byCell = computed(() => {
    const found = new Map<string, Severity>();
    for (const finding of findings.value) {
      for (const term of [...finding.left, ...finding.right]) {
        if (!term.previousYear && found.get(term.cell) !== Severity.ERROR) found.set(term.cell, finding.severity);
      }
    }
    return found;
  });

  function clear() {
    findings.value = [];
    diagnoses.value = [];
    failed.value = undefined;
    complaint.value = "";
    passes.value = false;
    conflict.value = undefined;
    otherYear.value = undefined;
    requestId = undefined;
    isUncertain.value = false;
  }
  watch(name, clear, { flush: "sync" });

  async function take(file: File | undefined, year: number) {
    if (!file) return;
    complaint.value = "";
    if (file.size > DOCUMENT_MAX_BYTES) {
      complaint.value = t("fileTooLarge", { name: file.name, size: sizeText(file.size), limit: sizeText(DOCUMENT_MAX_BYTES) });
      return;
    }
    const meant = name.value;
    isReading.value = true;
    try {
      const content = new Uint8Array(await file.arrayBuffer());
      const answer = await forms.readDocument({ content, fileName: file.name, report: meant ?? "", year });
      // The page may show another report by now, to which this says nothing.
      if (meant !== name.value) return;
      // What says nothing of the report takes the place of nothing.
      if ([...cellsOf(answer.form).values()].every((cell) => cell === UNREAD) && !answer.cells.some(({ raw }) => raw) && !CHAPTERS.some((chapter) => answer.narrative?.[chapter])) {
        complaint.value = t("fileWithout", { name: file.name });
        return;
      }
      clear();
      filling.takeDocument(answer, file.name);
      await nextTick();
      findings.value = answer.findings;
      diagnoses.value = answer.diagnoses;
      checked.value = typed.value;
      if (answer.year && answer.year !== year) otherYear.value = answer.year;
    } catch (error) {
      if (meant !== name.value) return;
      complaint.value = t("fileFailed", { name: file.name });
      failed.value = refusal(error);
    } finally {
      isReading.value = false;
    }
  }

  /** The report as it is filled in. */
  const filledIn = (meant: string) => ({
    name: meant,
    form: formOf(parsed.value.cells),
    ...(narrative.value ? { narrative: narrative.value } : {}),
    answers: warnings.value.filter((finding) => answers.value[keyOf(finding)]?.trim()).map((finding) => ({ rule: finding.rule, cell: cellOf(finding), reason: answers.value[keyOf(finding)]!.trim() })),
    correctionReason: reason.value.trim(),
    etag: basis.value,
  });
  /** Saves the workbook with what is filled in, and what the rules find in it marked. */
  async function saveMarked() {
    const meant = name.value;
    if (!meant) return;
    try {
      const filled = { ...filledIn(meant), ...(source.value ? { source: source.value } : {}) };
      const { content, contentType, fileName } = await forms.renderTemplate({ report: meant, filled });
      saveFile(fileName, content as Uint8Array<ArrayBuffer>, contentType);
    } catch (error) {
      failed.value = refusal(error);
    }
  }

  /** The connection broke while the report was being handed in: it may have been stored or not. */
  const isUncertain = ref(false);
  const contentOf = (report: ReturnType<typeof filledIn>) => JSON.stringify([report.name, figures.value, source.value?.title, report.answers, report.correctionReason, report.etag]);
  /** Whether what is filled in may have been stored already: then it is sent once more as it is, and not judged beside itself. */
  const mayBeStored = () => isUncertain.value && name.value !== undefined && contentOf(filledIn(name.value)) === requestContent;
  // A retry of the same content carries the same id, so that it is never stored twice.
  let requestId: string | undefined;
  let requestContent = "";
  /** Whether it passed, or was handed in. */
  async function send(validateOnly: boolean): Promise<SubmitReportResponse | undefined> {
    const [meant, person] = [name.value, keeper.value];
    if (!meant) return undefined;
    isBusy.value = true;
    passes.value = false;
    complaint.value = "";
    const report = filledIn(meant);
    const now = typed.value;
    const content = contentOf(report);
    if (!requestId || content !== requestContent) [requestId, requestContent] = [newId(), content];
    try {
      const answer = await reports.submitReport({ ...report, validateOnly, requestId: validateOnly ? "" : requestId, ...(source.value ? { source: source.value } : {}) });
      if (answer.receipt && !validateOnly) keepReceipt(person, answer.receipt);
      if (meant !== name.value) return undefined;
      failed.value = undefined;
      isUncertain.value = false;
      diagnoses.value = [];
      findings.value = answer.findings;
      checked.value = now;
      passes.value = validateOnly;
      return answer;
    } catch (error) {
      if (meant !== name.value) return undefined;
      failed.value = refusal(error);
      if (!validateOnly) isUncertain.value = failed.value.passing || failed.value.reason === "OUTCOME_UNKNOWN";
      const problem = failed.value.problem;
      if (problem?.findings.length) {
        // Warnings that were answered stay beside those that were not.
        const known = new Set(problem.findings.map(keyOf));
        const answered = warnings.value.filter((finding) => answers.value[keyOf(finding)] && !known.has(keyOf(finding)));
        findings.value = [...problem.findings, ...answered];
        diagnoses.value = problem.diagnoses;
        checked.value = now;
      }
      if (failed.value.reason === "ETAG_MISMATCH") await findClashes(meant);
      return undefined;
    } finally {
      isBusy.value = false;
    }
  }

  async function findClashes(meant: string) {
    const newest = await reports.getReport({ name: meant }).catch(() => undefined);
    if (newest?.report && meant === name.value) {
      failed.value = undefined;
      conflict.value = { report: newest.report, clashes: clashesOf(cellsOf(newest.report.form), parsed.value.cells) };
    }
  }
  /** Goes on from the newest revision, with what was chosen cell by cell. */
  function settle(clashes: Clash[]) {
    if (!conflict.value) return;
    const taken = clashes.filter((clash) => clash.takes === "theirs").map((clash) => [clash.cell, plainText(clash.theirs)] as const);
    texts.value = { ...texts.value, ...Object.fromEntries(taken) };
    basis.value = conflict.value.report.etag;
    conflict.value = undefined;
  }

  return { findings, diagnoses, failed, complaint, passes, isBusy, isReading, isStale, conflict, otherYear, warnings, byCell, isUncertain, mayBeStored, take, send, saveMarked, settle };
}

export type Checking = ReturnType<typeof useChecking>;
