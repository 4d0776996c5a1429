// How many reports wait for review in the place and year that are looked at: what stands beside the queue in the menu.
import { onScopeDispose, ref } from "vue";
import { all, useAnswer } from "./live";
import { scopeOf } from "./perspective";
import { reports, rollups } from "./service";
import { PAGE } from "./sizes";
import { ReportState, ReportView } from "../gen/huizong/v1/report_pb";

/** It is asked from time to time: another stream beside the page's own would take a connection of the few that a browser has. */
const EVERY_MS = 60_000;

const turn = ref(0);
/** Something was handed in or decided on this page. */
export const countAgain = () => (turn.value += 1);

export function useWaiting(place: () => { jurisdiction: string; year: number } | undefined) {
  const timer = setInterval(() => document.visibilityState === "visible" && countAgain(), EVERY_MS);
  onScopeDispose(() => clearInterval(timer));
  return useAnswer(
    place,
    async ({ jurisdiction, year }, signal) => {
      const [{ coverage }, consolidated] = await Promise.all([
        rollups.getCoverage({ scope: { ...scopeOf(jurisdiction), includeVertical: true }, year, pageSize: 1 }, { signal }),
        all((pageToken) => reports.listReports({ parent: "jurisdictions/-", jurisdiction, year, view: ReportView.STANDING, states: [ReportState.SUBMITTED], pageSize: PAGE, pageToken }, { signal }), (page) => page.reports),
      ]);
      return (coverage?.submitted ?? 0) + consolidated.length;
    },
    () => turn.value,
  );
}
