// Words for how a report stands.
import { ReportAction, ReportState } from "../gen/huizong/v1/report_pb";
import type { Word } from "./words";

export const STATES: Record<ReportState, Word> = {
  [ReportState.UNSPECIFIED]: "notReported",
  [ReportState.ACCEPTED]: "accepted",
  [ReportState.SUBMITTED]: "submitted",
  [ReportState.RETURNED]: "returned",
  [ReportState.WITHDRAWN]: "withdrawn",
  [ReportState.SUPERSEDED]: "superseded",
};

/** What may be done to a report that stands so, besides handing in a new revision. */
export const POSSIBLE: Record<ReportState, ReportAction[]> = {
  [ReportState.UNSPECIFIED]: [],
  [ReportState.ACCEPTED]: [ReportAction.WITHDRAW],
  [ReportState.SUBMITTED]: [ReportAction.ACCEPT, ReportAction.RETURN, ReportAction.WITHDRAW],
  [ReportState.RETURNED]: [ReportAction.WITHDRAW],
  [ReportState.WITHDRAWN]: [],
  [ReportState.SUPERSEDED]: [],
};

export const ACTIONS: Record<ReportAction, Word> = {
  [ReportAction.UNSPECIFIED]: "nothing",
  [ReportAction.SUBMIT]: "actSubmit",
  [ReportAction.ACCEPT]: "actAccept",
  [ReportAction.RETURN]: "actReturn",
  [ReportAction.WITHDRAW]: "actWithdraw",
};
