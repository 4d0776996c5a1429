// Words for the kinds of agency, and for how a unit ended.
import type { Word } from "./words";
import { AgencyKind, Ending } from "../gen/huizong/v1/registry_pb";

export const KINDS: [AgencyKind, Word][] = [
  [AgencyKind.GOVERNMENT_OFFICE, "kindOffice"],
  [AgencyKind.DEPARTMENT, "kindDepartment"],
  [AgencyKind.TOWNSHIP, "kindTownship"],
  [AgencyKind.DISPATCHED_OFFICE, "kindDispatched"],
];
export const ENDINGS: Record<Ending, Word> = { [Ending.UNSPECIFIED]: "nothing", [Ending.MERGED]: "endingMerged", [Ending.SPLIT]: "endingSplit", [Ending.ABOLISHED]: "endingAbolished", [Ending.JOINED]: "endingJoined", [Ending.VOIDED]: "endingVoided" };
