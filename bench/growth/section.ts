/** What one measure found, for a chart and a table. */
export interface Section {
  name: string;
  title: string;
  unit: string;
  xLabel: string;
  yLabel: string;
  series: { label: string; points: { x: number; y: number }[] }[];
  rows: { label: string; value: number; unit: string }[];
  notes: string[];
}
