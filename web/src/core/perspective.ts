// What sums are looked at as of, and over the tree of which year: in the address, so that a view can be passed on.
import { computed } from "vue";
import { useRoute } from "vue-router";

/** Pages that show the past; elsewhere it is the present that is looked at. */
const PAGES = ["/", "/form"];

/** As it stands in the address; absent for the present, and for each year's own tree. */
export interface Perspective {
  asOf?: string;
  hierarchyYear?: number;
}

export function usePerspective() {
  const route = useRoute();
  const number = (name: string, shape: RegExp) => {
    const value = route.query[name];
    return typeof value === "string" && shape.test(value) ? value : undefined;
  };
  const perspective = computed<Perspective>(() => {
    const [asOf, tree] = [number("as_of", /^[1-9]\d{0,17}$/), number("tree", /^20\d\d$/)];
    return { ...(asOf ? { asOf } : {}), ...(tree ? { hierarchyYear: Number(tree) } : {}) };
  });
  /** It is not the present, each year by its own tree, that is looked at. */
  const isOther = computed(() => Object.keys(perspective.value).length > 0);
  return { perspective, isOther };
}

/** The fields of a request. */
export function fieldsOf({ asOf, hierarchyYear }: Perspective): { asOf: bigint; hierarchyYear: number } {
  return { asOf: BigInt(asOf ?? 0), hierarchyYear: hierarchyYear ?? 0 };
}

/** Parts of an address that a page takes: those of the past only where it shows it. */
export function addressFor<Q extends Record<string, unknown>>(page: string | undefined, query: Q): Q {
  return page === undefined || PAGES.includes(page) ? query : { ...query, as_of: undefined, tree: undefined };
}
