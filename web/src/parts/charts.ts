// Options of the charts. Lengths are drawn from Number(count), labels are written from the exact count.
import { formatCount } from "../core/figures";
import type { EChartsCoreOption } from "echarts/core";

export interface Paint {
  text: string;
  quiet: string;
  line: string;
  colours: string[];
  /** In pixels. */
  size: number;
}

export type ChartOption = (paint: Paint) => EChartsCoreOption;

export interface Bar {
  name: string;
  count: bigint;
}

export interface Line {
  name: string;
  counts: bigint[];
}

const common = (paint: Paint) => ({
  color: paint.colours,
  animationDuration: 250,
  textStyle: { fontFamily: "inherit", fontSize: paint.size * 0.875, color: paint.text },
});

/** Horizontal bars, the first at the top. */
export function bars(of: Bar[], tint = 0): ChartOption {
  return (paint) => ({
    ...common(paint),
    grid: { left: paint.size * 9.5, right: paint.size * 5, top: 0, bottom: 0 },
    xAxis: { type: "value", show: false },
    yAxis: {
      type: "category",
      inverse: true,
      data: of.map((bar) => bar.name),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: paint.text, fontSize: paint.size * 0.875, width: paint.size * 9.2, overflow: "truncate" },
    },
    series: [
      {
        type: "bar",
        barMaxWidth: paint.size * 1.6,
        itemStyle: { color: paint.colours[tint], borderRadius: 2 },
        data: of.map((bar) => Number(bar.count)),
        label: {
          show: true,
          position: "right",
          color: paint.text,
          fontSize: paint.size * 0.875,
          formatter: ({ dataIndex }: { dataIndex: number }) => formatCount(of[dataIndex]?.count ?? 0n),
        },
      },
    ],
  });
}

/** Lines over the years. */
export function lines(years: number[], of: Line[]): ChartOption {
  return (paint) => ({
    ...common(paint),
    grid: { left: paint.size * 4.5, right: paint.size * 2, top: paint.size * 2.6, bottom: paint.size * 1.8 },
    legend: { top: 0, left: 0, itemWidth: paint.size * 1.2, textStyle: { color: paint.text, fontSize: paint.size * 0.875 } },
    xAxis: { type: "category", data: years.map(String), axisLabel: { color: paint.text, fontSize: paint.size * 0.875 }, axisLine: { lineStyle: { color: paint.quiet } } },
    yAxis: { type: "value", axisLabel: { color: paint.quiet, fontSize: paint.size * 0.8 }, splitLine: { lineStyle: { color: paint.line } } },
    series: of.map((line) => ({
      type: "line",
      name: line.name,
      data: line.counts.map(Number),
      symbolSize: paint.size * 0.45,
      label: {
        show: of.length === 1,
        color: paint.text,
        formatter: ({ dataIndex }: { dataIndex: number }) => formatCount(line.counts[dataIndex] ?? 0n),
      },
    })),
  });
}
