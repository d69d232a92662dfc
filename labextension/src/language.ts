/** `%%automl` cells are YAML below their first line. */
import type { Cell, ICellModel } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { isAutoML } from './cell';

const YAML = 'text/x-yaml';
/** After this a notebook's languages are loaded: the last one to be loaded wins. */
const SETTLED_MS = 800;

/** Keep a cell's language in step with its first line. */
function follow(cell: Cell, python: string): () => void {
  const model: ICellModel = cell.model;
  const update = () => {
    if (model.isDisposed || model.type !== 'code') {
      return;
    }
    const wanted = isAutoML(model.sharedModel.source) ? YAML : python;
    if (model.mimeType !== wanted && (wanted === YAML || model.mimeType === YAML)) {
      model.mimeType = wanted;
    }
  };
  // Not inside the signal: a language that is set there sends the signal again.
  const later = () => setTimeout(update, 0);
  model.contentChanged.connect(update);
  model.mimeTypeChanged.connect(later);
  update();
  return () => {
    model.contentChanged.disconnect(update);
    model.mimeTypeChanged.disconnect(later);
  };
}

/** Keep the languages of a notebook's cells in step with what is written in them. */
export function followNotebook(panel: NotebookPanel): void {
  const stops = new Map<Cell, () => void>();
  const python = () => panel.content.codeMimetype || 'text/x-ipython';
  const update = () => {
    const cells = new Set(panel.content.widgets);
    for (const [cell, stop] of stops) {
      if (!cells.has(cell)) {
        stop();
        stops.delete(cell);
      }
    }
    for (const cell of cells) {
      if (!stops.has(cell)) {
        stops.set(cell, follow(cell, python()));
      }
    }
  };
  void Promise.all([panel.context.ready, panel.sessionContext.ready]).then(() => {
    if (panel.isDisposed) {
      return;
    }
    panel.content.model?.cells.changed.connect(update);
    update();
    setTimeout(() => {
      for (const cell of stops.keys()) {
        if (!cell.model.isDisposed && cell.model.mimeType === YAML) {
          cell.model.mimeType = python();
        }
      }
    }, SETTLED_MS);
  });
  panel.disposed.connect(() => {
    for (const stop of stops.values()) {
      stop();
    }
  });
}
