import { LabIcon } from '@jupyterlab/ui-components';

/** Bars of a leaderboard, the best one marked. */
const svgstr = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161"><rect x="3" y="5" width="18" height="3.5" rx="1"/><rect x="3" y="10.5" width="13" height="3.5" rx="1"/><rect x="3" y="16" width="8" height="3.5" rx="1"/></g>
</svg>`;

export const jobsIcon = new LabIcon({ name: 'automl-jupyter:jobs', svgstr });
