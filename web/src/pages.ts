// The pages: where each is, what it is called, for whom it is meant, and how it is loaded. The router, the menu, and the page
// that somebody sees first are made of this table.
import type { Component } from "vue";
import { administers, audits, caller, holdsPower, owners, reviews, secures, seesSums, submits } from "./core/session";
import type { Word } from "./core/words";

export interface Page {
  path: string;
  name: Word;
  /** Where it stands in the menu; elsewhere it is reached from other pages. */
  group?: "groupWork" | "groupFigures" | "groupAdministration";
  /** Whose roles it is offered to. */
  isOffered: () => boolean;
  /** Place and year are chosen above it. */
  hasPlace?: boolean;
  load: () => Promise<Component>;
}

const anyone = () => true;
const readsReports = () => seesSums.value || owners.value.length > 0 || caller.value?.unrestricted === true;

export const PAGES: Page[] = [
  { path: "/mine", name: "mine", group: "groupWork", isOffered: () => submits.value, load: () => import("./pages/Mine.vue") },
  { path: "/queue", name: "queue", group: "groupWork", isOffered: () => reviews.value, hasPlace: true, load: () => import("./pages/Queue.vue") },
  { path: "/progress", name: "progress", group: "groupWork", isOffered: () => seesSums.value, hasPlace: true, load: () => import("./pages/Progress.vue") },
  { path: "/report", name: "report", group: "groupWork", isOffered: readsReports, hasPlace: true, load: () => import("./pages/Report.vue") },
  { path: "/submit", name: "submit", isOffered: () => submits.value, hasPlace: true, load: () => import("./pages/Submit.vue") },
  { path: "/receipt", name: "receipt", isOffered: readsReports, load: () => import("./pages/Receipt.vue") },
  { path: "/collections", name: "collections", group: "groupWork", isOffered: () => seesSums.value || administers.value, load: () => import("./pages/Collections.vue") },
  { path: "/overview", name: "overview", group: "groupFigures", isOffered: () => seesSums.value, hasPlace: true, load: () => import("./pages/Overview.vue") },
  { path: "/wall", name: "wall", isOffered: () => seesSums.value, hasPlace: true, load: () => import("./pages/Wall.vue") },
  { path: "/table", name: "ownTable", group: "groupFigures", isOffered: () => seesSums.value, hasPlace: true, load: () => import("./pages/OwnTable.vue") },
  { path: "/form", name: "form", group: "groupFigures", isOffered: () => seesSums.value, hasPlace: true, load: () => import("./pages/FormPage.vue") },
  { path: "/frozen", name: "frozenForm", isOffered: () => seesSums.value, hasPlace: true, load: () => import("./pages/Frozen.vue") },
  { path: "/reconcile", name: "reconcile", group: "groupFigures", isOffered: () => seesSums.value, hasPlace: true, load: () => import("./pages/Reconcile.vue") },
  { path: "/rules", name: "rules", group: "groupFigures", isOffered: anyone, hasPlace: true, load: () => import("./pages/Rules.vue") },
  { path: "/registry", name: "registryPage", group: "groupAdministration", isOffered: () => seesSums.value || administers.value || secures.value, load: () => import("./pages/Registry.vue") },
  { path: "/people", name: "people", group: "groupAdministration", isOffered: () => holdsPower.value, load: () => import("./pages/People.vue") },
  { path: "/journal", name: "journal", group: "groupAdministration", isOffered: () => audits.value, load: () => import("./pages/Journal.vue") },
  { path: "/status", name: "status", group: "groupAdministration", isOffered: () => holdsPower.value, load: () => import("./pages/Status.vue") },
];

export const pageAt = (path: string) => PAGES.find((page) => page.path === path);

/** Who does what comes first on the page for it: reviewers have the queue, viewers the overview, and so on. */
const FIRST: [() => boolean, string][] = [
  [() => caller.value?.unrestricted === true, "/overview"],
  [() => reviews.value, "/queue"],
  [() => seesSums.value, "/overview"],
  [() => submits.value, "/mine"],
  [() => secures.value, "/people"],
  [() => administers.value, "/registry"],
  [() => audits.value, "/journal"],
  [() => holdsPower.value, "/status"],
];
export const firstPage = () => FIRST.find(([fits, path]) => fits() && pageAt(path))?.[1] ?? "/rules";
