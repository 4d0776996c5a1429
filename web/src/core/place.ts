// What is looked at: the jurisdiction and the year, which stand in the address, so that a view can be passed on.
import { computed, ref, shallowRef, watch } from "vue";
import { useRoute, useRouter } from "vue-router";
import { Level, type Jurisdiction } from "../gen/huizong/v1/registry_pb";
import { registry, reports, rollups, refusal, type Refusal } from "./service";

/** All jurisdictions of a year, by name; loaded once a year of the form. */
const trees = new Map<number, Promise<Map<string, Jurisdiction>>>();

export async function loadTree(year: number): Promise<Map<string, Jurisdiction>> {
  const known = trees.get(year);
  if (known) return known;
  const loading = (async () => {
    const tree = new Map<string, Jurisdiction>();
    let pageToken = "";
    do {
      const page = await registry.listJurisdictions({ year, pageSize: 1000, pageToken });
      for (const jurisdiction of page.jurisdictions) tree.set(jurisdiction.name, jurisdiction);
      pageToken = page.nextPageToken;
    } while (pageToken);
    return tree;
  })();
  trees.set(year, loading);
  loading.then(
    (tree) => tree.size === 0 && trees.delete(year),
    () => trees.delete(year),
  );
  return loading;
}

/** The years that can be looked at, newest first: those with reports, and the last year that ended. */
export const years = ref<number[]>([]);
/** The jurisdiction that stands above the others. */
export const root = shallowRef<Jurisdiction>();
export const beginning = shallowRef<Refusal>();

const FIRST_YEAR = 2019;

/** Finds out what there is to look at; tried again until the service answers. */
export async function begin(): Promise<void> {
  const ended = new Date().getFullYear() - 1;
  for (;;) {
    try {
      const tops = await registry.listJurisdictions({ pageSize: 1000 });
      const roots = tops.jurisdictions.filter((one) => one.parent === "");
      roots.sort((one, other) => one.level - other.level || one.name.localeCompare(other.name));
      root.value = roots[0];
      const found: number[] = [];
      if (root.value) {
        const last = Math.max(ended, FIRST_YEAR);
        const answer = await rollups.queryRollup({ jurisdiction: root.value.name, firstYear: FIRST_YEAR, lastYear: last });
        for (const coverage of answer.coverage) if (coverage.received > 0n) found.push(coverage.year);
      }
      years.value = [...new Set([ended, ...found])].sort((one, other) => other - one);
      beginning.value = undefined;
      return;
    } catch (error) {
      beginning.value = refusal(error);
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
  }
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
  const year = computed(() => Number(text("year") ?? defaultYear.value ?? years.value[0] ?? new Date().getFullYear() - 1));
  const scope = computed(() => text("scope") ?? root.value?.name);
  const tree = shallowRef<Map<string, Jurisdiction>>(new Map());
  watch(
    [year, root],
    async ([year]) => {
      tree.value = await loadTree(year).catch(() => new Map());
    },
    { immediate: true },
  );
  const jurisdiction = computed(() => (scope.value ? tree.value.get(scope.value) : undefined));
  /** From the root to the jurisdiction looked at. */
  const path = computed(() => {
    const found: Jurisdiction[] = [];
    for (let at = jurisdiction.value; at && found.length < 10; at = tree.value.get(at.parent)) found.unshift(at);
    return found;
  });
  const go = (to: { year?: number; scope?: string; [name: string]: string | number | undefined }, page?: string) => {
    const query = { ...route.query, ...to };
    void router.push({ ...(page ? { path: page } : {}), query });
  };
  return { year, scope, tree, jurisdiction, path, go };
}

/** Chooses the newest year with reports as the one to show first. */
export async function chooseYear(): Promise<void> {
  if (!root.value) return;
  for (const year of years.value) {
    const answer = await rollups.getCoverage({ jurisdiction: root.value.name, year }).catch(() => undefined);
    if (answer?.coverage && answer.coverage.received > 0n) {
      defaultYear.value = year;
      return;
    }
  }
}

export const LEVELS: Record<Level, readonly [string, string]> = {
  [Level.UNSPECIFIED]: ["", ""],
  [Level.PROVINCE]: ["省级", "province"],
  [Level.CITY]: ["市级", "city"],
  [Level.COUNTY]: ["县级", "county"],
  [Level.FUNCTIONAL_ZONE]: ["功能区", "zone"],
  [Level.TOWNSHIP]: ["乡级", "township"],
};

export { reports };
