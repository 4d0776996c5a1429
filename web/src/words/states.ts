// How a report stands, what is done to it, and how many of what is owed are there.
import type { Words } from "./index";

export const states = {
  notReported: ["未报", "not submitted"],
  accepted: ["已通过", "accepted"],
  submitted: ["待审核", "awaiting review"],
  returned: ["已退回", "returned"],
  withdrawn: ["已撤回", "withdrawn"],
  superseded: ["已被更正版取代", "superseded"],
  missing: ["未报", "not submitted"],
  late: ["逾期", "late"],
  expected: ["应报", "expected"],
  received: ["已报", "received"],
  included: ["计入汇总", "included"],
  actSubmit: ["报送", "submitted"],
  actAccept: ["审核通过", "accepted"],
  actReturn: ["退回修改", "returned"],
  actWithdraw: ["撤回", "withdrawn"],
  coverage: ["已计入汇总{included}份（应报{expected}份）", "{included} of {expected} reports included"],
  missingCount: ["未报{count}份", "{count} not submitted"],
  lateCount: ["逾期{count}份", "{count} late"],
  submittedCount: ["待审核{count}份", "{count} awaiting review"],
  returnedCount: ["已退回{count}份", "{count} returned"],
  asOf: ["数据截至流水号{sequence}", "as of journal entry {sequence}"],
  error: ["错误（须改正）", "Error: must be corrected"],
  warning: ["警告（须说明）", "Warning: must be explained"],
} as const satisfies Words;
