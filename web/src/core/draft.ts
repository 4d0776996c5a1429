// What somebody has typed and not handed in yet: kept in this browser, for this person and this report, until it is handed in
// or thrown away on purpose.
import { fromJson, toJson, type JsonValue } from "@bufbuild/protobuf";
import { DocumentSourceSchema, type DocumentSource } from "../gen/huizong/v1/report_pb";

export interface Draft {
  /** As typed, by cell. */
  texts: Record<string, string>;
  chapters: Record<string, string>;
  /** Explanations of warnings, by rule and cell. */
  answers: Record<string, string>;
  reason: string;
  /** The etag of the revision that it started from; empty for none. */
  basis: string;
  /** Cells that the document fills in, which decide what lines are printed. */
  filled: string[];
  /** Cells of the document that could not be read. */
  unread: string[];
  fileName: string;
  source: DocumentSource | undefined;
  /** When it was kept, ISO 8601. */
  saved: string;
}

const KEY = "huizong.draft";
const keyOf = (person: string, report: string) => `${KEY} ${person} ${report}`;

export function loadDraft(person: string, report: string): Draft | undefined {
  try {
    const text = localStorage.getItem(keyOf(person, report));
    if (!text) return undefined;
    const kept = JSON.parse(text) as Omit<Draft, "source"> & { source?: JsonValue };
    return { ...kept, source: kept.source ? fromJson(DocumentSourceSchema, kept.source) : undefined };
  } catch {
    // What cannot be read any more is as if it were not there; it is written over by the next.
    return undefined;
  }
}

/** False where the browser has no room for it. */
export function saveDraft(person: string, report: string, draft: Draft): boolean {
  try {
    localStorage.setItem(keyOf(person, report), JSON.stringify({ ...draft, source: draft.source && toJson(DocumentSourceSchema, draft.source) }));
    return true;
  } catch {
    return false;
  }
}

/** What another window of this browser has kept of a report since, or that it keeps none any more; the way to stop listening. */
export function onOtherDraft(person: string, report: () => string | undefined, take: (draft: Draft | undefined) => void): () => void {
  const hear = ({ key }: StorageEvent) => {
    const mine = report();
    if (mine !== undefined && key === keyOf(person, mine)) take(loadDraft(person, mine));
  };
  globalThis.addEventListener("storage", hear);
  return () => globalThis.removeEventListener("storage", hear);
}

export const dropDraft = (person: string, report: string) => localStorage.removeItem(keyOf(person, report));
export const savedAt = (person: string, report: string) => loadDraft(person, report)?.saved;
