// The chunk that holds uPlot: loaded by what draws with it.
import "uplot/dist/uPlot.min.css";

import uPlot from "uplot";

export { uPlot };
