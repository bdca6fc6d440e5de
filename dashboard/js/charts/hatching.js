// @ts-check
/** A Chart.js plugin: slanted lines behind the bars wherever the record may have a hole. */

/**
 * Positions in bars: 1.5 is the middle of the second.
 * @typedef {{from: number, to: number}} Stretch
 */

const NARROWEST = 4;
const SPACING = 6;

export const hatching = {
  id: "hatching",
  /**
   * @param {any} chart
   * @param {unknown} _
   * @param {{gaps: Stretch[], colour: string}} options
   */
  beforeDatasetsDraw(chart, _, { gaps, colour }) {
    const { left, top, width, height } = chart.chartArea;
    const step = width / chart.data.labels.length;
    for (const { from, to } of gaps) {
      const wide = Math.max((to - from) * step, NARROWEST);
      const start = Math.min(left + from * step, left + width - wide);
      hatch(chart.ctx, start, top, wide, height, colour);
    }
  },
};

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} left
 * @param {number} top
 * @param {number} width
 * @param {number} height
 * @param {string} colour
 */
function hatch(context, left, top, width, height, colour) {
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.strokeStyle = colour;
  context.lineWidth = 1.25;
  context.beginPath();
  const first = Math.floor((left - height) / SPACING) * SPACING;
  for (let x = first; x < left + width; x += SPACING) {
    context.moveTo(x, top + height);
    context.lineTo(x + height, top);
  }
  context.stroke();
  context.restore();
}
