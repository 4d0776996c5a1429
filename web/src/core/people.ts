// Who did something, as people read it: an account as it is, who only said so where nobody signs in, or nobody.
import { caller } from "./session";
import { t } from "./language";
import type { Word } from "./words";

const CLAIMED = "claimed:";
const NOBODY: Record<string, Word> = { anonymous: "unnamed", unauthenticated: "notSignedIn" };

export function whoText(name: string): string {
  const nobody = NOBODY[name];
  if (nobody) return t(nobody);
  if (!name.startsWith(CLAIMED)) return name;
  const said = name.slice(CLAIMED.length);
  // Where everybody only says so, it is not said of each.
  return caller.value?.unrestricted ? said : t("selfNamed", { name: said });
}
