// The reports that wait for review in a place, the oldest first; and accepting many of them.
import { computed, ref, type Ref } from "vue";
import { newId } from "./ids";
import { all, useAnswer, useThrottled, useWatch } from "./live";
import { scopeOf } from "./perspective";
import { isJurisdiction, ownerOf, revisionOf } from "./owner";
import { t } from "./language";
import { refusal, refusalText, registry, reports, rollups } from "./service";
import { PAGE } from "./sizes";
import { countAgain } from "./waiting";
import { daysSince } from "./time";
import type { Jurisdiction } from "../gen/huizong/v1/registry_pb";
import { ReportState, ReportView, type Report } from "../gen/huizong/v1/report_pb";

const LISTS_EVERY_MS = 5000;
/** Calls under way at once. */
const AT_ONCE = 4;

export interface Waiting {
  name: string;
  report: Report;
  /** Whose it is, and where they belong. */
  owner: string;
  place: string;
  revision: string;
  days: number;
}

export function useQueue(place: Ref<{ jurisdiction: string; year: number } | undefined>, tree: Ref<Map<string, Jurisdiction>>) {
  const watched = useWatch(
    () => place.value,
    ({ jurisdiction, year }, signal) => rollups.watchCoverage({ scope: scopeOf(jurisdiction), year }, { signal }),
  );
  const sequence = useThrottled(() => watched.answer.value?.answer?.asOf, LISTS_EVERY_MS);
  const loaded = useAnswer(
    () => place.value,
    async ({ jurisdiction, year }, signal) => {
      const listed = (parent: string) => all((pageToken) => reports.listReports({ parent, jurisdiction, year, view: ReportView.STANDING, states: [ReportState.SUBMITTED], pageSize: PAGE, pageToken }, { signal }), (page) => page.reports);
      const [own, consolidated] = await Promise.all([listed("agencies/-"), listed("jurisdictions/-")]);
      const found = own.length === 0 ? [] : await all((pageToken) => registry.listAgencies({ jurisdiction, below: true, year, pageSize: PAGE, pageToken }, { signal }), (page) => page.agencies);
      return { reports: [...own, ...consolidated], agencies: new Map(found.map((agency) => [agency.name, agency])) };
    },
    () => sequence.value,
  );
  const waiting = computed<Waiting[]>(() => {
    const { reports = [], agencies } = loaded.answer.value ?? {};
    const seconds = (report: Report) => report.submitTime?.seconds ?? 0n;
    return [...reports]
      .sort((one, other) => (seconds(one) < seconds(other) ? -1 : seconds(one) > seconds(other) ? 1 : 0))
      .map((report) => {
        const owner = ownerOf(report.name);
        const agency = agencies?.get(owner);
        const where = tree.value.get(isJurisdiction(owner) ? owner : (agency?.jurisdiction ?? ""));
        return {
          name: report.name, report, place: where?.displayName ?? "", revision: revisionOf(report.revision),
          owner: isJurisdiction(owner) ? t("consolidatedOf", { name: where?.displayName ?? "" }) : (agency?.displayName ?? owner.split("/")[1] ?? ""),
          days: report.submitTime ? daysSince(report.submitTime) : 0,
        };
      });
  });

  const isAccepting = ref(false);
  const outcome = ref<{ done: number; failed: { owner: string; why: string }[] }>();
  async function acceptAll(chosen: Waiting[]) {
    isAccepting.value = true;
    const result: NonNullable<typeof outcome.value> = { done: 0, failed: [] };
    const left = [...chosen];
    const work = async () => {
      for (let one = left.shift(); one; one = left.shift()) {
        try {
          await reports.acceptReport({ name: one.name, etag: one.report.etag, requestId: newId() });
          result.done += 1;
        } catch (error) {
          result.failed.push({ owner: one.owner, why: refusalText(refusal(error)) });
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    outcome.value = result;
    isAccepting.value = false;
    countAgain();
    loaded.again();
  }
  return { loaded, waiting, acceptAll, isAccepting, outcome };
}
