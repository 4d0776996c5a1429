// What is looked at: the jurisdiction and the year, which stand in the address, so that a view can be passed on.
import { computed, ref, shallowRef, watch } from "vue";
import { useRoute, useRouter } from "vue-router";
import { Level, type Jurisdiction } from "../gen/huizong/v1/registry_pb";
import { all, useAnswer } from "./live";
import { addressFor, scopeOf } from "./perspective";
import { registry, reports, rollups, refusal, type Refusal } from "./service";
import { caller, owners, scopes } from "./session";
import { PAGE } from "./sizes";
import { forgetNames, learn } from "./spoken";
import { yearNow } from "./time";
import { t } from "./language";
import type { Word } from "./words";

/** All jurisdictions of a year, by name; loaded once a year of the form. */
const trees = new Map<number, Promise<Map<string, Jurisdiction>>>();

export async function loadTree(year: number): Promise<Map<string, Jurisdiction>> {
  const known = trees.get(year);
  if (known) return known;
  const loading = (async () => {
    const found = await all((pageToken) => registry.listJurisdictions({ year, pageSize: PAGE, pageToken }), (page) => page.jurisdictions);
    learn(found);
    return new Map(found.map((jurisdiction) => [jurisdiction.name, jurisdiction]));
  })();
  trees.set(year, loading);
  loading.then(
    (tree) => tree.size === 0 && trees.delete(year),
    () => trees.delete(year),
  );
  return loading;
}

/** The years that can be looked at, newest first: those with reports, and the last year that ended; empty until known. */
export const years = ref<number[]>([]);
/** The jurisdiction that stands above all that the caller may look at; undefined where that is no jurisdiction. */
export const root = shallowRef<Jurisdiction>();
export const beginning = shallowRef<Refusal>();

const FIRST_YEAR = 2019;
const RETRY_MS = 2000;

/** The registry has changed: trees are loaded anew. */
export const forgetTrees = () => trees.clear();

/** Forgets what another caller looked at. */
export function forget(): void {
  trees.clear();
  forgetNames();
  years.value = [];
  root.value = undefined;
  beginning.value = undefined;
  defaultYear.value = undefined;
}

/** Finds out what there is to look at; tried again until the service answers. */
export async function begin(): Promise<void> {
  const asked = caller.value;
  const ended = yearNow() - 1;
  while (caller.value === asked) {
    try {
      const tops = await findTops();
      tops.sort((one, other) => one.level - other.level || one.name.localeCompare(other.name));
      const found = tops[0] ? await yearsOf(tops[0], Math.max(ended, FIRST_YEAR)) : await yearsOfOwners();
      const offered = [...new Set([ended, ...found])].sort((one, other) => other - one);
      const first = tops[0] ? await newestWithReports(tops[0], offered) : undefined;
      if (caller.value !== asked) return;
      // All at once: what a page shows never changes by itself.
      root.value = tops[0];
      defaultYear.value = first;
      years.value = offered;
      beginning.value = undefined;
      return;
    } catch (error) {
      if (caller.value !== asked) return;
      beginning.value = refusal(error);
      if (!beginning.value.passing) return;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** The jurisdictions that the caller's roles reach, or those that belong to no other. */
async function findTops(): Promise<Jurisdiction[]> {
  if (caller.value?.unrestricted) {
    const page = await registry.listJurisdictions({ pageSize: PAGE });
    return page.jurisdictions.filter((one) => one.parent === "" && !one.endYear);
  }
  const found = await Promise.all(scopes.value.map((name) => registry.getJurisdiction({ name })));
  return found.flatMap(({ jurisdiction }) => jurisdiction ?? []);
}

async function yearsOf(jurisdiction: Jurisdiction, lastYear: number): Promise<number[]> {
  const answer = await rollups.queryRollup({ scope: scopeOf(jurisdiction.name), firstYear: FIRST_YEAR, lastYear, measures: ["requests.received"] });
  return answer.coverage.filter((coverage) => coverage.received > 0).map((coverage) => coverage.year);
}

async function yearsOfOwners(): Promise<number[]> {
  const pages = await Promise.all(owners.value.map((parent) => reports.listReports({ parent })));
  return pages.flatMap((page) => page.reports.map((report) => Number(report.name.split("/").pop())));
}

/** The year shown where none is said: the newest with reports. */
const defaultYear = ref<number>();

export function usePlace() {
  const route = useRoute();
  const router = useRouter();
  const text = (name: string) => {
    const value = route.query[name];
    return typeof value === "string" ? value : undefined;
  };
  const year = computed(() => Number(text("year") ?? defaultYear.value ?? years.value[0] ?? yearNow() - 1));
  const scope = computed(() => text("scope") ?? root.value?.name);
  const tree = shallowRef<Map<string, Jurisdiction>>(new Map());
  /** The tree of the year, asked for until it is there: without it no place has a name. */
  const loaded = useAnswer(() => (caller.value ? { year: year.value, root: root.value?.name } : undefined), ({ year }) => loadTree(year));
  watch(loaded.answer, (found) => (tree.value = found ?? new Map()));
  const jurisdiction = computed(() => (scope.value ? tree.value.get(scope.value) : undefined));
  const above = (name: string | undefined) => {
    const found: Jurisdiction[] = [];
    for (let at = name ? tree.value.get(name) : undefined; at && found.length < 10; at = tree.value.get(at.parent)) found.unshift(at);
    return found;
  };
  /** From the highest that the caller may look at to the jurisdiction looked at. */
  const path = computed(() => {
    const found = above(scope.value);
    const first = found.findIndex((one) => scopes.value.includes(one.name));
    return found.slice(Math.max(0, first));
  });
  /** Whether the caller may look at a jurisdiction. */
  const isInReach = (name: string) => scopes.value.length === 0 || above(name).some((one) => scopes.value.includes(one.name));
  const go = (to: { year?: number; scope?: string | undefined; [name: string]: string | number | undefined }, page?: string) => {
    const query = addressFor(page, { ...route.query, ...to });
    void router.push({ ...(page ? { path: page } : {}), query });
  };
  return { year, scope, tree, jurisdiction, path, isInReach, go };
}

/** The newest year with reports is shown where none is asked for. */
async function newestWithReports(top: Jurisdiction, offered: number[]): Promise<number | undefined> {
  for (const year of offered) {
    const answer = await rollups.getCoverage({ scope: scopeOf(top.name), year }).catch(() => undefined);
    if (answer?.coverage && answer.coverage.received > 0) return year;
  }
  return undefined;
}

const LEVELS: Record<Level, Word | undefined> = {
  [Level.UNSPECIFIED]: undefined,
  [Level.PROVINCE]: "levelProvince",
  [Level.CITY]: "levelCity",
  [Level.COUNTY]: "levelCounty",
  [Level.FUNCTIONAL_ZONE]: "levelZone",
  [Level.TOWNSHIP]: "levelTownship",
};
export const LEVELS_IN_ORDER = [Level.PROVINCE, Level.CITY, Level.COUNTY, Level.FUNCTIONAL_ZONE, Level.TOWNSHIP];

export function levelText(level: Level): string {
  const word = LEVELS[level];
  return word ? t(word) : "";
}
