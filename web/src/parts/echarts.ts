// The parts of ECharts that every chart is drawn with, in a file of their own that is loaded late; what few charts need is loaded
// with these. Its tooltip would be a seventh of all of it, and is not among them (Chart.vue).
import { BarChart, LineChart } from "echarts/charts";
import { GridSimpleComponent, LegendPlainComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([BarChart, LineChart, GridSimpleComponent, LegendPlainComponent, SVGRenderer]);

export { init };
