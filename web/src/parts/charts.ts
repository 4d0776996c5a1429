// Options of the charts. Lengths are drawn from Number(count), labels are written from the exact count. Colour never says
// anything alone: whatever it marks has its name or its figure beside it.
import { formatCount } from "../core/figures";
import type { EChartsCoreOption } from "echarts/core";

export interface Paint {
  text: string;
  quiet: string;
  line: string;
  back: string;
  colours: string[];
  /** The family; text is measured with it, so it must be a real one. */
  font: string;
  /** In pixels. */
  size: number;
}

/** What lies under the pointer. */
export interface Point {
  dataIndex: number;
  seriesIndex: number;
  /** Of an outline on a map, its code. */
  name: string;
}

export interface ChartOption {
  drawn: (paint: Paint) => EChartsCoreOption;
  /** What is said of a point under the pointer, a line each. */
  tip: (point: Point) => string[];
  /** Parts of ECharts that are loaded for it alone (echarts.ts). */
  part?: "heat" | "places";
}

export interface Bar {
  name: string;
  count: bigint;
}

export interface Line {
  name: string;
  /** Undefined where there is no figure: the line has a gap. */
  counts: (bigint | undefined)[];
}

const common = (paint: Paint) => ({
  color: paint.colours,
  animationDuration: 250,
  textStyle: { fontFamily: paint.font, fontSize: paint.size * 0.875, color: paint.text },
});

/** As many names are not cut short. */
const NAMES_WHOLE = 6;

/** Widest name, in half-width characters. */
const NAME_MAX = 24;

/** A name without the note behind it, where it is too long for a chart; the table has all of it. */
function shortName(name: string): string {
  const width = name.replace(/[^\x00-\xff]/g, "aa").length;
  return width > NAME_MAX ? (name.split(/[（(]/)[0] ?? name) : name;
}

const label = (paint: Paint) => ({ color: paint.text, fontSize: paint.size * 0.8 });
const names = (paint: Paint, of: string[]) => ({
  type: "category", inverse: true, data: of.map(shortName), axisLine: { show: false }, axisTick: { show: false },
  // Few have room for two lines each.
  axisLabel: { ...label(paint), width: paint.size * 7.6, overflow: of.length > NAMES_WHOLE ? "truncate" : "break", lineHeight: paint.size * 0.82, interval: 0 },
});

/** A bar with a figure written beside it. */
export interface Labelled {
  name: string;
  size: number | undefined;
  text: string;
}

/** Horizontal bars, the first at the top. */
export function bars(of: Bar[], tint = 0): ChartOption {
  return labelled(of.map(({ name, count }) => ({ name, size: Number(count), text: formatCount(count) })), tint);
}

export function labelled(of: Labelled[], tint = 0): ChartOption {
  const tip = ({ dataIndex }: Point) => [of[dataIndex]?.name ?? "", of[dataIndex]?.text ?? ""];
  const drawn = (paint: Paint) => ({
    ...common(paint),
    grid: { left: paint.size * 8, right: paint.size * 4.6, top: 0, bottom: 0 },
    xAxis: { type: "value", show: false },
    yAxis: names(paint, of.map((bar) => bar.name)),
    series: [{
      type: "bar", barMaxWidth: paint.size * 1.5, cursor: "pointer", itemStyle: { color: paint.colours[tint], borderRadius: 2 },
      data: of.map((bar) => bar.size ?? "-"),
      label: { show: true, position: "right", ...label(paint), formatter: ({ dataIndex }: { dataIndex: number }) => of[dataIndex]?.text ?? "" },
    }],
  });
  return { drawn, tip };
}

/** Bars of parts, each part in its own colour and named in the legend. */
export function stacked(of: string[], parts: { name: string; counts: bigint[] }[]): ChartOption {
  const tip = ({ dataIndex, seriesIndex }: Point) => [`${of[dataIndex]} · ${parts[seriesIndex]?.name}`, formatCount(parts[seriesIndex]?.counts[dataIndex] ?? 0n)];
  const drawn = (paint: Paint) => ({
    ...common(paint),
    grid: { left: paint.size * 8, right: paint.size * 1.5, top: paint.size * 1.8, bottom: 0 },
    legend: { top: 0, left: 0, itemWidth: paint.size * 0.8, itemHeight: paint.size * 0.8, textStyle: label(paint) },
    xAxis: { type: "value", show: false },
    yAxis: names(paint, of),
    series: parts.map((part) => ({ type: "bar", stack: "all", name: part.name, barMaxWidth: paint.size * 1.8, itemStyle: { borderColor: paint.back, borderWidth: 1 }, data: part.counts.map(Number) })),
  });
  return { drawn, tip };
}

/** Lines over the years; a year whose reports are not all in has a hollow point. */
export function lines(years: number[], of: Line[], incomplete: boolean[] = []): ChartOption {
  const tip = ({ dataIndex, seriesIndex }: Point) => [`${years[dataIndex]} ${of[seriesIndex]?.name}`, formatCount(of[seriesIndex]?.counts[dataIndex] ?? 0n)];
  const drawn = (paint: Paint) => ({
    ...common(paint),
    grid: { left: paint.size * 4.2, right: paint.size * 1.2, top: paint.size * 1.9, bottom: paint.size * 1.6 },
    legend: { top: 0, left: 0, itemWidth: paint.size * 1.2, textStyle: label(paint) },
    xAxis: { type: "category", data: years.map(String), axisLabel: label(paint), axisLine: { lineStyle: { color: paint.quiet } } },
    yAxis: { type: "value", axisLabel: { color: paint.quiet, fontSize: paint.size * 0.75 }, splitLine: { lineStyle: { color: paint.line } } },
    series: of.map((line, index) => ({
      type: "line", name: line.name, symbolSize: paint.size * 0.5, symbol: "circle", lineStyle: { type: index === 0 ? "solid" : "dashed" },
      data: line.counts.map((count, at) => ({ value: count === undefined ? "-" : Number(count), symbol: incomplete[at] ? "emptyCircle" : "circle" })),
    })),
  });
  return { drawn, tip };
}

/** Rectangles as large as their counts. */
export function treemap(of: Bar[]): ChartOption {
  const tip = ({ dataIndex }: Point) => (of[dataIndex - 1] ? [of[dataIndex - 1]!.name, formatCount(of[dataIndex - 1]!.count)] : []);
  const drawn = (paint: Paint) => ({
    ...common(paint),
    series: [{
      type: "treemap", roam: false, nodeClick: false, breadcrumb: { show: false }, left: 0, right: 0, top: 0, bottom: 0,
      itemStyle: { borderColor: paint.back, gapWidth: 1, color: paint.colours[2] }, levels: [{ colorMappingBy: "value" }],
      label: { fontSize: paint.size * 0.8, color: paint.back, formatter: ({ dataIndex }: { dataIndex: number }) => `${of[dataIndex - 1]?.name ?? ""}\n${formatCount(of[dataIndex - 1]?.count ?? 0n)}` },
      data: of.map((bar) => ({ name: bar.name, value: Number(bar.count), itemStyle: { color: paint.colours[2] } })),
    }],
  });
  return { drawn, tip, part: "places" };
}

/** A place with its outline, by its division code. */
export interface Outlined extends Labelled {
  code: string;
}

/** Places on the map that is registered under a name: the darker, the more; each has its name and its figure. */
export function outlined(map: string, of: Outlined[]): ChartOption {
  const sizes = of.flatMap(({ size }) => size ?? []);
  const byCode = new Map(of.map((one) => [one.code, one]));
  const tip = ({ name }: Point) => [byCode.get(name)?.name ?? "", byCode.get(name)?.text ?? ""];
  const drawn = (paint: Paint) => ({
    ...common(paint),
    visualMap: { show: false, min: Math.min(0, ...sizes), max: Math.max(1, ...sizes), inRange: { color: [paint.back, paint.colours[2]] } },
    series: [{
      type: "map", map, nameProperty: "code", roam: false, selectedMode: false, left: 0, right: 0, top: 0, bottom: 0, cursor: "pointer",
      itemStyle: { areaColor: paint.back, borderColor: paint.quiet }, emphasis: { label: { color: paint.text }, itemStyle: { areaColor: paint.line } },
      label: { show: true, ...label(paint), textBorderColor: paint.back, textBorderWidth: 2, formatter: ({ name }: { name: string }) => shortName(byCode.get(name)?.name ?? "") },
      data: of.map(({ code, size }) => ({ name: code, value: size ?? "-" })),
    }],
  });
  return { drawn, tip, part: "places" };
}

/** A table of colours: the darker, the more; each field has its figure. */
export function heat(rows: string[], columns: string[], counts: bigint[][]): ChartOption {
  // Words of letters are broken where they must be, and none should.
  const isLatin = columns.some((name) => /[a-z]{5}/.test(name));
  const points = rows.flatMap((_, y) => columns.map((_, x) => ({ x, y, count: counts[y]?.[x] ?? 0n })));
  const most = points.reduce((most, { count }) => Math.max(most, Number(count)), 1);
  const tip = ({ dataIndex }: Point) => [`${rows[points[dataIndex]?.y ?? 0]} · ${columns[points[dataIndex]?.x ?? 0]}`, formatCount(points[dataIndex]?.count ?? 0n)];
  const drawn = (paint: Paint) => ({
    ...common(paint),
    grid: { left: paint.size * 8, right: 0, top: 0, bottom: paint.size * 3.6 },
    xAxis: { type: "category", data: columns.map(shortName), axisLabel: { ...label(paint), fontSize: paint.size * (isLatin ? 0.62 : 0.65), width: paint.size * (isLatin ? 5.3 : 4.3), overflow: "break", interval: 0 }, axisLine: { show: false }, axisTick: { show: false } },
    yAxis: names(paint, rows),
    visualMap: { show: false, min: 0, max: most, inRange: { color: [paint.back, paint.colours[0]] } },
    series: [{
      type: "heatmap", itemStyle: { borderColor: paint.line, borderWidth: 1 },
      data: points.map(({ x, y, count }) => ({ value: [x, y, Number(count)], label: { color: Number(count) > most * 0.65 ? paint.back : paint.text } })),
      label: { show: true, fontSize: paint.size * 0.7, formatter: ({ dataIndex }: { dataIndex: number }) => (points[dataIndex]?.count ? formatCount(points[dataIndex].count) : "") },
    }],
  });
  return { drawn, tip, part: "heat" };
}
