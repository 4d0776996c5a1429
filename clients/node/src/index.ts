export { Client, type DimensionName, type Row, type Settings, type Submission } from "./client.js";
export { type Finding, Refused, Unreachable } from "./errors.js";
export { type Cell, type Cells, NOT_APPLICABLE } from "./values.js";
