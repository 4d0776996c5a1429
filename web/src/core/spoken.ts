// Sentences of the service as officials read them: what they name by its resource name is called what it is, and what stands in
// brackets for programs and the command line is left out.
import { language, t } from "./language";

/** What jurisdictions and agencies are called, as far as the page has met them. */
const known = new Map<string, string>();

export function learn(entries: Iterable<{ name: string; displayName: string }>): void {
  for (const { name, displayName } of entries) known.set(name, displayName);
}

/** Names that another has met are theirs. */
export const forgetNames = () => known.clear();

/** What one is called, where the page has met it; its code otherwise. */
export const nameKnown = (name: string) => known.get(name) ?? name.split("/")[1] ?? name;

const ENTRY = String.raw`(?<entry>(?:agencies|jurisdictions)/[0-9A-Za-z-]+)`;
const OF_ENTRY = String.raw`(?:/reports/(?<year>\d{4})(?:/revisions/(?<revision>\d+))?|/frozenForms/(?<frozenYear>\d{4})-(?<frozen>\d+))?`;
const OTHERS = String.raw`collections/(?<collection>\d{4})|principals/(?<principal>[0-9A-Za-z_.-]+)|proposals/(?<proposal>[0-9a-f]+)`;
/** With the spaces that set it off, which Chinese has no need of. */
const NAMES = new RegExp(String.raw`(?<before> ?)(?<![\w/])(?:${ENTRY}${OF_ENTRY}|${OTHERS})(?![\w/])(?<after> ?)`, "g");
const FOR_PROGRAMS = /\s?[（(][^（）()]*(?:\bhuizong |--[a-z]|\b[a-z]+_[a-z_]+\b|\betag\b)[^（）()]*[）)]/g;

/** Codes of rules that a sentence ends with; each stands beside its finding. */
const RULES = /[：:]\s?[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+(?:(?:、|, )[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+)*(?=$|[。；.;])/g;

function called(parts: Record<string, string | undefined>): string {
  const { entry, year, revision, frozenYear, frozen, collection, principal, proposal } = parts;
  if (collection) return t("calledCollection", { year: collection });
  if (principal) return t("calledPrincipal", { name: principal });
  if (proposal) return t("calledProposal", { number: proposal });
  const [sort = "", code = ""] = entry?.split("/") ?? [];
  const name = known.get(entry ?? "") ?? t(sort === "agencies" ? "calledAgency" : "calledPlace", { code });
  if (frozen) return t("calledFrozen", { name, year: frozenYear ?? "", number: frozen });
  if (!year) return name;
  return t(revision ? "calledRevision" : "calledReport", { name, year, number: revision ?? "" });
}

export const spoken = (text: string) => named(text.replace(FOR_PROGRAMS, "").replace(RULES, ""));

/** A text in which resources are called what they are. */
export function named(text: string): string {
  return text.replace(NAMES, (...match) => {
    const parts = match.at(-1) as Record<string, string | undefined>;
    return language.value === "zh" ? called(parts) : `${parts.before}${called(parts)}${parts.after}`;
  });
}
