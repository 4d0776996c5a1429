// One report with all that is read beside it: last year's figures, its revisions and its history.
import { computed, type Ref } from "vue";
import { Code } from "@connectrpc/connect";
import { cellsOf, tilesOf } from "./form";
import { say } from "./language";
import { all, useAnswer } from "./live";
import { nameOf, ownerOf } from "./owner";
import { forms } from "./clients/forms";
import { refusal, reports } from "./service";
import { PAGE } from "./sizes";

/** `name` is the report's, `revision` the number of an earlier one. */
export function useReport(name: Ref<string | undefined>, revision: Ref<string | undefined>) {
  const loaded = useAnswer(
    () => (name.value ? { name: name.value, wanted: revision.value } : undefined),
    async ({ name, wanted }, signal) => {
      const [owner, year] = [ownerOf(name), Number(name.split("/").pop())];
      const [{ report }, ownerName, revisions, events, last] = await Promise.all([
        reports.getReport({ name: wanted ? `${name}/revisions/${wanted}` : name }, { signal }),
        nameOf(owner, signal),
        all((pageToken) => reports.listReportRevisions({ name, pageSize: PAGE, pageToken }, { signal }), (page) => page.reports),
        all((pageToken) => reports.listReportEvents({ name, pageSize: PAGE, pageToken }, { signal }), (page) => page.events),
        reports.getReport({ name: `${owner}/reports/${year - 1}` }, { signal }).catch((error: unknown) => {
          if (refusal(error).code === Code.NotFound) return undefined;
          throw error;
        }),
      ]);
      if (!report) throw new Error("an answer without a report");
      const cells = cellsOf(report.form);
      const layout = await forms.getFormLayout({ year, edition: report.edition, filled: [...cells.keys()] }, { signal });
      return { report, ownerName, revisions, events, cells, layout, lastYear: last?.report && cellsOf(last.report.form) };
    },
  );
  const isNewest = computed(() => !revision.value || revision.value === loaded.answer.value?.revisions[0]?.revision.split("/").pop());
  const labels = computed(() => new Map(tilesOf(loaded.answer.value?.layout).map((tile) => [tile.cell, say(tile.label)])));
  const labelOf = (cell: string) => labels.value.get(cell) || cell;
  return { loaded, isNewest, labelOf };
}

export type Read = NonNullable<ReturnType<typeof useReport>["loaded"]["answer"]["value"]>;
