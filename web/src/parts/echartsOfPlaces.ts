// What draws places as rectangles and on maps: loaded where somebody asks for these.
import { MapChart, TreemapChart } from "echarts/charts";
import { VisualMapContinuousComponent } from "echarts/components";
import { registerMap, use } from "echarts/core";

use([MapChart, TreemapChart, VisualMapContinuousComponent]);

export { registerMap };
