// What sums are looked at as of, and over the tree of which year: in the address, so that a view can be passed on.
import { computed } from "vue";
import { useRoute, type LocationQuery } from "vue-router";

/** Pages that show the past; elsewhere it is the present that is looked at. */
const PAGES = ["/overview", "/form", "/table", "/wall"];

/** As it stands in the address; absent for the present, and for each year's own tree. */
export interface Perspective {
  asOf?: string;
  hierarchyYear?: number;
}

/** Parts of an address that say something that cannot be. Nothing is shown for them: least of all the present. */
export type Fault = { what: "badYear" | "badMoment" | "badTree" | "badScope"; text: string };

const SHAPES = [
  ["year", /^(20[0-9]{2})$/, "badYear"],
  ["as_of", /^[1-9]\d{0,17}$/, "badMoment"],
  ["tree", /^20\d\d$/, "badTree"],
  ["scope", /^jurisdictions\/(\d{6}|\d{9}|\d{12})$/, "badScope"],
] as const;

export function faultOf(query: LocationQuery): Fault | undefined {
  for (const [name, shape, what] of SHAPES) {
    const value = query[name];
    if (value !== undefined && !(typeof value === "string" && shape.test(value))) return { what, text: String(value) };
  }
  return undefined;
}

export function usePerspective() {
  const route = useRoute();
  const text = (name: string) => {
    const value = route.query[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const perspective = computed<Perspective>(() => {
    const [asOf, tree] = [text("as_of"), text("tree")];
    return { ...(asOf ? { asOf } : {}), ...(tree ? { hierarchyYear: Number(tree) } : {}) };
  });
  /** It is not the present, each year by its own tree, that is looked at. */
  const isOther = computed(() => Object.keys(perspective.value).length > 0);
  return { perspective, isOther };
}

/** What a question is about. */
export function scopeOf(jurisdiction: string, { asOf, hierarchyYear }: Perspective = {}) {
  return { jurisdiction, asOf: BigInt(asOf ?? 0), hierarchyYear: hierarchyYear ?? 0 };
}

/** Parts of an address that a page takes: those of the past only where it shows it. */
export function addressFor<Q extends Record<string, unknown>>(page: string | undefined, query: Q): Q {
  return page === undefined || PAGES.includes(page) ? query : { ...query, as_of: undefined, tree: undefined };
}
