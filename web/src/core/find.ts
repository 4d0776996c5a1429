// What a part of a name, its initials in pinyin, or a code finds: jurisdictions and agencies of the registry, by their present
// and former names.
import { all, useAnswer, useThrottled } from "./live";
import { registry } from "./service";
import { PAGE } from "./sizes";
import { learn } from "./spoken";

/** While somebody types, the service is asked no more often. */
export const TYPING_MS = 250;

export interface Entry {
  /** Resource name. */
  name: string;
  displayName: string;
}
export type Sort = "jurisdictions" | "agencies" | "both";

/** At most `max` of each sort, what has the very code first; `hasMore`: there are others. */
export async function findEntries(text: string, sort: Sort, max: number, signal?: AbortSignal): Promise<{ found: Entry[]; hasMore: boolean }> {
  const query = text.trim();
  const options = signal ? { signal } : {};
  const isName = /^(jurisdictions|agencies)\/\S+$/.test(query);
  const [exact, places, agencies] = await Promise.all([
    byCode(query, sort, options),
    sort === "agencies" || isName ? undefined : registry.listJurisdictions({ query, pageSize: max }, options),
    sort === "jurisdictions" || isName ? undefined : registry.listAgencies({ query, pageSize: max }, options),
  ]);
  const all: Entry[] = [...exact, ...(places?.jurisdictions ?? []), ...(agencies?.agencies ?? [])];
  learn(all);
  return { found: all.filter((one, at) => all.findIndex(({ name }) => name === one.name) === at), hasMore: Boolean(places?.nextPageToken || agencies?.nextPageToken) };
}

/** Names are searched by their parts, codes as a whole. */
async function byCode(query: string, sort: Sort, options: { signal?: AbortSignal }): Promise<Entry[]> {
  const code = query.replace(/^(jurisdictions|agencies)\//, "");
  if (/^(\d{6}|\d{9}|\d{12})$/.test(code) && sort !== "agencies") return registry.getJurisdiction({ name: `jurisdictions/${code}` }, options).then(({ jurisdiction }) => (jurisdiction ? [jurisdiction] : []), () => []);
  if (/^[0-9A-Za-z-]{3,40}$/.test(code) && sort !== "jurisdictions") return registry.getAgency({ name: `agencies/${code}` }, options).then(({ agency }) => (agency ? [agency] : []), () => []);
  return [];
}

/** Whether the service finds an entry by what is typed: former names and initials, which a list at hand does not have. What has
 * not been answered yet is not found. */
export function useFound(sort: "jurisdictions" | "agencies", text: () => string, within: () => { jurisdiction?: string; year: number } | undefined): (name: string) => boolean {
  const typed = useThrottled(() => text().trim(), TYPING_MS);
  const found = useAnswer(
    () => (typed.value && within() ? { ...within()!, query: typed.value } : undefined),
    async ({ jurisdiction = "", year, query }, signal) => {
      const question = { year, query, below: true, pageSize: PAGE };
      const names =
        sort === "jurisdictions"
          ? all((pageToken) => registry.listJurisdictions({ ...question, parent: jurisdiction, pageToken }, { signal }), (page) => page.jurisdictions.map(({ name }) => name))
          : all((pageToken) => registry.listAgencies({ ...question, jurisdiction, pageToken }, { signal }), (page) => page.agencies.map(({ name }) => name));
      return new Set(await names);
    },
  );
  return (name) => found.answer.value?.has(name) ?? false;
}
