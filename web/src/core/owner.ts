// Who owns a report: an agency its own, or a government the consolidated one of its jurisdiction.
import { t } from "./language";
import { registry } from "./service";
import { learn } from "./spoken";

export const isJurisdiction = (owner: string) => owner.startsWith("jurisdictions/");

/** What an owner is called. */
export async function nameOf(owner: string, signal: AbortSignal): Promise<string> {
  if (isJurisdiction(owner)) {
    const { jurisdiction } = await registry.getJurisdiction({ name: owner }, { signal });
    return t("consolidatedOf", { name: jurisdiction?.displayName ?? owner });
  }
  const { agency } = await registry.getAgency({ name: owner }, { signal });
  if (agency) learn([agency]);
  return agency?.displayName ?? owner;
}

/** Whose report it is, by the report's or revision's name. */
export const ownerOf = (name: string) => name.split("/reports/")[0] ?? "";
/** The number of a revision, by its name. */
export const revisionOf = (name: string) => name.split("/revisions/")[1] ?? "";
