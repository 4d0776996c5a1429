// What jurisdictions and agencies are called that are known by their resource names alone.
import { all, useAnswer } from "./live";
import { isJurisdiction } from "./owner";
import { registry } from "./service";
import { ASKED_ONE_BY_ONE, PAGE } from "./sizes";

async function nameOfOne(name: string, signal: AbortSignal): Promise<string | undefined> {
  const found = isJurisdiction(name) ? (await registry.getJurisdiction({ name }, { signal })).jurisdiction : (await registry.getAgency({ name }, { signal })).agency;
  return found?.displayName;
}

/** Of many it is quicker to have all. */
async function namesOfAll(signal: AbortSignal): Promise<Map<string, string | undefined>> {
  const [places, agencies] = await Promise.all([
    all((pageToken) => registry.listJurisdictions({ pageSize: PAGE, pageToken }, { signal }), (page) => page.jurisdictions),
    all((pageToken) => registry.listAgencies({ pageSize: PAGE, pageToken }, { signal }), (page) => page.agencies),
  ]);
  return new Map([...places, ...agencies].map(({ name, displayName }) => [name, displayName]));
}

/** One that the caller may not look up keeps its code. */
export function useNames(of: () => string[]): (name: string) => string {
  const loaded = useAnswer(
    () => [...new Set(of())].filter(Boolean).sort(),
    async (names, signal) => {
      if (names.length > ASKED_ONE_BY_ONE) return namesOfAll(signal);
      return new Map(await Promise.all(names.map(async (name) => [name, await nameOfOne(name, signal).catch(() => undefined)] as const)));
    },
  );
  return (name) => loaded.answer.value?.get(name) ?? name.split("/")[1] ?? name;
}
