// The reports that an agency or government owes, year by year: how each stands, when it is due, and what to do next.
import { deadlineOf, type Deadline } from "./collection";
import { savedAt } from "./draft";
import { all } from "./live";
import { isJurisdiction, nameOf } from "./owner";
import { registry, reports } from "./service";
import { isPast } from "./time";
import type { Word } from "./words";
import type { Collection, Level } from "../gen/huizong/v1/registry_pb";
import { ReportState, ReportView, type Report } from "../gen/huizong/v1/report_pb";

export interface Owed {
  owner: string;
  year: number;
  report: Report | undefined;
  collection: Collection | undefined;
  deadline: Deadline;
  /** When a draft was kept in this browser; undefined where there is none. */
  draft: string | undefined;
  next: { word: Word; page: "/submit" | "/report" };
}

/** What comes next: whatever was begun, then what was returned, then what is missing. */
export function nextOf(report: Report | undefined, draft: string | undefined, deadline: Deadline, now = Date.now()): Owed["next"] {
  const isLocked = isPast(deadline.lock, now);
  if (isLocked && report) return { word: "nextWait", page: "/report" };
  if (draft) return { word: "nextContinue", page: "/submit" };
  if (!report) return { word: "nextFill", page: "/submit" };
  if (report.state === ReportState.RETURNED) return { word: "nextCorrect", page: "/submit" };
  if (report.state === ReportState.WITHDRAWN) return { word: "nextRedo", page: "/submit" };
  return { word: "nextWait", page: "/report" };
}

/** The years of which something is owed or was handed in, the newest first. */
export function yearsOwed(collections: number[], handedIn: number[], firstYear: number, endYear: number, ended: number): number[] {
  const owes = (year: number) => year >= firstYear && (endYear === 0 || year < endYear);
  return [...new Set([...[...collections, ended].filter(owes), ...handedIn])].sort((one, other) => other - one);
}

const yearOf = (name: string) => Number(name.split("/").pop());

/** Of one owner, with its name. */
export async function owedBy(owner: string, person: string, ended: number, signal: AbortSignal): Promise<{ owner: string; name: string; owed: Owed[] }> {
  const [name, listed, collections] = await Promise.all([
    nameOf(owner, signal),
    all((pageToken) => reports.listReports({ parent: owner, view: ReportView.STANDING, pageToken }, { signal }), (page) => page.reports),
    all((pageToken) => registry.listCollections({ pageToken }, { signal }), (page) => page.collections),
  ]);
  const { level, firstYear, endYear } = await standingOf(owner, signal);
  const years = yearsOwed(collections.map((one) => yearOf(one.name)), listed.map((one) => yearOf(one.name)), firstYear, endYear, ended);
  const owed = years.map(async (year): Promise<Owed> => {
    const standing = listed.find((one) => yearOf(one.name) === year);
    // Lists have no remarks of reviewers.
    const report = standing?.state === ReportState.RETURNED ? ((await reports.getReport({ name: standing.name }, { signal })).report ?? standing) : standing;
    const collection = collections.find((one) => yearOf(one.name) === year);
    const deadline = deadlineOf(collection, level, owner);
    const draft = savedAt(person, `${owner}/reports/${year}`);
    return { owner, year, report, collection, deadline, draft, next: nextOf(report, draft, deadline) };
  });
  return { owner, name, owed: await Promise.all(owed) };
}

async function standingOf(owner: string, signal: AbortSignal): Promise<{ level: Level | undefined; firstYear: number; endYear: number }> {
  if (isJurisdiction(owner)) {
    const { jurisdiction } = await registry.getJurisdiction({ name: owner }, { signal });
    // Due times do not hold for a government's own report.
    return { level: undefined, firstYear: jurisdiction?.firstYear ?? 0, endYear: jurisdiction?.endYear ?? 0 };
  }
  const { agency } = await registry.getAgency({ name: owner }, { signal });
  const { jurisdiction } = await registry.getJurisdiction({ name: agency?.jurisdiction ?? "" }, { signal });
  return { level: jurisdiction?.level, firstYear: agency?.firstYear ?? 0, endYear: agency?.endYear ?? 0 };
}
