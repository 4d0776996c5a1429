import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { create } from "@bufbuild/protobuf";
import { dropDraft, loadDraft, saveDraft, type Draft } from "../src/core/draft";
import { neighbour } from "../src/core/grid";
import { nextOf, yearsOwed } from "../src/core/owed";
import { mainTotals } from "../src/core/summary";
import { clashesOf } from "../src/core/useChecking";
import { deadlineOf } from "../src/core/collection";
import { besideOf } from "../src/core/beside";
import { tilesOf } from "../src/core/form";
import { endOfDay } from "../src/core/time";
import { CollectionSchema, Level } from "../src/gen/huizong/v1/registry_pb";
import { DocumentSourceSchema, ReportSchema, ReportState } from "../src/gen/huizong/v1/report_pb";
import { layout } from "./layout";

const kept = new Map<string, string>();
beforeEach(() => {
  kept.clear();
  vi.stubGlobal("localStorage", { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, text: string) => void kept.set(key, text), removeItem: (key: string) => void kept.delete(key) });
});
afterEach(() => vi.unstubAllGlobals());

const draft = (fields: Partial<Draft> = {}): Draft => ({ texts: { "a.1": "约12" }, chapters: {}, answers: {}, reason: "", basis: "", filled: [], unread: [], fileName: "", source: undefined, saved: "2026-01-01T00:00:00Z", ...fields });

test("a draft comes back as it was typed, for its own person and report only", () => {
  const source = create(DocumentSourceSchema, { title: "年度报告", years: [2025] });
  expect(saveDraft("li", "agencies/a/reports/2025", draft({ source }))).toBe(true);
  expect(loadDraft("li", "agencies/a/reports/2025")).toMatchObject({ texts: { "a.1": "约12" }, source: { title: "年度报告", years: [2025] } });
  expect(loadDraft("wang", "agencies/a/reports/2025")).toBeUndefined();
  expect(loadDraft("li", "agencies/a/reports/2024")).toBeUndefined();
  dropDraft("li", "agencies/a/reports/2025");
  expect(loadDraft("li", "agencies/a/reports/2025")).toBeUndefined();
});

test("a browser without room says so, and one with rubbish in it goes on", () => {
  kept.set("huizong.draft li x", "{");
  expect(loadDraft("li", "x")).toBeUndefined();
  vi.stubGlobal("localStorage", { setItem: () => { throw new Error("full"); } });
  expect(saveDraft("li", "x", draft())).toBe(false);
});

test("arrows go from cell to cell, over the end of a row and of a table, and stop at the edge of the form", () => {
  expect(neighbour(layout, "a.1", "right")).toBe("a.2");
  expect(neighbour(layout, "a.total", "right")).toBe("b.1");
  expect(neighbour(layout, "b.1", "left")).toBe("a.total");
  expect(neighbour(layout, "a.2", "down")).toBe("b.2");
  expect(neighbour(layout, "b.2", "down")).toBe("c.2");
  expect(neighbour(layout, "c.1", "up")).toBe("b.1");
  expect(neighbour(layout, "a.1", "up")).toBeUndefined();
  expect(neighbour(layout, "c.2", "right")).toBeUndefined();
});

test("two versions clash where a figure differs, and a blank is another figure than nought", () => {
  const clashes = clashesOf(new Map<string, bigint | string>([["a.1", 1n], ["a.2", 0n], ["b.1", 5n]]), new Map<string, bigint | string>([["a.1", 2n], ["b.1", 5n]]));
  expect(clashes).toEqual([{ cell: "a.1", theirs: 1n, mine: 2n, takes: "mine" }, { cell: "a.2", theirs: 0n, mine: undefined, takes: "mine" }]);
});

test("the main totals are those that are part of no other, computed where they are blank", () => {
  expect(mainTotals(layout, new Map([["a.1", 1n], ["a.2", 2n], ["b.total", 7n]])).map(({ cell, text }) => [cell, text])).toEqual([["a.total", "3"], ["b.total", "7"]]);
});

test("figures beside last year's have their change, and what is the same is no difference", () => {
  const rows = besideOf(tilesOf(layout), new Map<string, bigint | string>([["a.1", 12n], ["a.2", 3n], ["b.1", "n/a"]]), new Map<string, bigint | string>([["a.1", 10n], ["a.2", 3n], ["b.1", 4n]]));
  const of = (cell: string) => rows.find((row) => row.cell === cell);
  expect(of("a.1")).toMatchObject({ difference: "+2", change: "+20.0%", isDifferent: true });
  expect(of("a.2")).toMatchObject({ difference: undefined, isDifferent: false });
  expect(of("b.1")).toMatchObject({ now: "不适用", before: "4", difference: undefined, isDifferent: true });
});

const report = (state: ReportState) => create(ReportSchema, { state });
const open = { due: undefined, lock: undefined, exception: undefined };

test("the next step is what was begun, what was returned, what is missing, and nothing once it is locked", () => {
  expect(nextOf(undefined, undefined, open).word).toBe("nextFill");
  expect(nextOf(report(ReportState.RETURNED), undefined, open).word).toBe("nextCorrect");
  expect(nextOf(report(ReportState.RETURNED), "2026-01-01T00:00:00Z", open).word).toBe("nextContinue");
  expect(nextOf(report(ReportState.WITHDRAWN), undefined, open).word).toBe("nextRedo");
  expect(nextOf(report(ReportState.ACCEPTED), undefined, open).word).toBe("nextWait");
  const locked = { ...open, lock: endOfDay("2026-01-31") };
  expect(nextOf(report(ReportState.RETURNED), "2026-01-01T00:00:00Z", locked, Date.parse("2026-02-01T00:00:00+08:00")).word).toBe("nextWait");
  expect(nextOf(report(ReportState.RETURNED), undefined, locked, Date.parse("2026-01-31T23:59:59+08:00")).word).toBe("nextCorrect");
});

test("an agency owes the years in which it exists, and what it handed in stays listed", () => {
  expect(yearsOwed([2023, 2024, 2025], [2021], 2022, 2025, 2025)).toEqual([2024, 2023, 2021]);
  expect(yearsOwed([], [], 2022, 0, 2025)).toEqual([2025]);
});

test("an extension gives an agency more time, never less, while it is in force", () => {
  const day = (text: string) => endOfDay(text)!;
  const collection = create(CollectionSchema, {
    dueTimes: [{ level: Level.CITY, dueTime: day("2026-01-31") }], lockTime: day("2026-03-31"),
    exceptions: [{ agency: "agencies/a", dueTime: day("2026-02-28"), lockTime: day("2026-02-28"), reason: "机构改革", expireTime: day("2026-06-30") }],
  });
  const now = Date.parse("2026-02-01T00:00:00Z");
  expect(deadlineOf(collection, Level.CITY, "agencies/a", now)).toMatchObject({ due: day("2026-02-28"), lock: day("2026-03-31") });
  expect(deadlineOf(collection, Level.CITY, "agencies/b", now)).toMatchObject({ due: day("2026-01-31"), exception: undefined });
  expect(deadlineOf(collection, Level.CITY, "agencies/a", Date.parse("2026-07-01T00:00:00Z")).due).toEqual(day("2026-01-31"));
  expect(deadlineOf(collection, Level.COUNTY, "agencies/b", now).due).toBeUndefined();
});
