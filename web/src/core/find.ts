// What a part of a name or a code finds: jurisdictions and agencies of the registry, by their present and former names.
import { registry } from "./service";

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
  return { found: all.filter((one, at) => all.findIndex(({ name }) => name === one.name) === at), hasMore: Boolean(places?.nextPageToken || agencies?.nextPageToken) };
}

/** Names are searched by their parts, codes as a whole. */
async function byCode(query: string, sort: Sort, options: { signal?: AbortSignal }): Promise<Entry[]> {
  const code = query.replace(/^(jurisdictions|agencies)\//, "");
  if (/^(\d{6}|\d{9}|\d{12})$/.test(code) && sort !== "agencies") return registry.getJurisdiction({ name: `jurisdictions/${code}` }, options).then(({ jurisdiction }) => (jurisdiction ? [jurisdiction] : []), () => []);
  if (/^[0-9A-Za-z-]{3,40}$/.test(code) && sort !== "jurisdictions") return registry.getAgency({ name: `agencies/${code}` }, options).then(({ agency }) => (agency ? [agency] : []), () => []);
  return [];
}
