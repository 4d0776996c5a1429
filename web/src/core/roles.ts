// Words for roles, and whom or what each is for.
import type { Word } from "./words";
import { RoleKind, type Role } from "../gen/huizong/v1/access_pb";

export const ROLES: Record<RoleKind, Word> = {
  [RoleKind.UNSPECIFIED]: "nothing",
  [RoleKind.SUBMITTER]: "roleSubmitter",
  [RoleKind.REVIEWER]: "roleReviewer",
  [RoleKind.VIEWER]: "roleViewer",
  [RoleKind.SYSTEM_ADMINISTRATOR]: "roleSystem",
  [RoleKind.SECURITY_ADMINISTRATOR]: "roleSecurity",
  [RoleKind.AUDITOR]: "roleAuditor",
};
export const ROLES_IN_ORDER = [RoleKind.SUBMITTER, RoleKind.REVIEWER, RoleKind.VIEWER, RoleKind.SYSTEM_ADMINISTRATOR, RoleKind.SECURITY_ADMINISTRATOR, RoleKind.AUDITOR];

/** What its scope may be; the three powers have none. */
export const scopeOf = (kind: RoleKind) => (kind === RoleKind.SUBMITTER ? "both" : kind === RoleKind.REVIEWER || kind === RoleKind.VIEWER ? "jurisdictions" : undefined);
export const keyOf = (role: Role) => `${role.kind} ${role.scope}`;
