/** `%%automl` cells in the editor: YAML below the first line, and squiggles for what would be refused. */
import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Cell, ICellModel } from '@jupyterlab/cells';
import { EditorExtensionRegistry, IEditorExtensionRegistry } from '@jupyterlab/codemirror';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Diagnostic, linter } from '@codemirror/lint';
import { Text } from '@codemirror/state';
import { Api, IProblem } from './api';

const MAGIC = /^\s*%%automl\b/;
const YAML = 'text/x-yaml';
const CHECK_AFTER_MS = 400;
/** After this a notebook's languages are loaded: the last one to be loaded wins. */
const SETTLED_MS = 800;

export function isAutoML(text: string): boolean {
  return MAGIC.test(text);
}

/** Where the problems of a cell lie in its text. */
export function diagnostics(text: Text, problems: readonly IProblem[]): Diagnostic[] {
  return problems.map(problem => {
    const line = text.line(Math.min(Math.max(problem.line, 1), text.lines));
    const indented = line.length - line.text.trimStart().length;
    const where = problem.where ? `${problem.where}: ` : '';
    return {
      from: line.from + (indented < line.length ? indented : 0), to: line.to, severity: 'error', source: 'automl',
      message: where + problem.message
    };
  });
}

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

function followNotebook(panel: NotebookPanel): void {
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
  panel.disposed.connect(() => stops.forEach(stop => stop()));
}

export const editor: JupyterFrontEndPlugin<void> = {
  id: 'automl-jupyter:editor',
  description: '%%automl cells: YAML below the first line, and squiggles for what would be refused.',
  autoStart: true,
  optional: [IEditorExtensionRegistry, INotebookTracker, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    extensions: IEditorExtensionRegistry | null,
    notebooks: INotebookTracker | null,
    registry: ISettingRegistry | null
  ) => {
    const api = new Api(app.serviceManager.serverSettings);
    let checks = true;
    void registry?.load('automl-jupyter:plugin').then(settings => {
      const read = () => { checks = settings.get('check').composite as boolean; };
      settings.changed.connect(read);
      read();
    });
    const check = linter(
      async view => {
        const text = view.state.doc;
        if (!checks || !isAutoML(text.lineAt(0).text)) {
          return [];
        }
        try {
          const found = await api.post<{ problems: IProblem[] }>(api.address('check'), { text: text.toString() });
          return diagnostics(text, found.problems);
        } catch {
          return []; // a server that does not answer must not disturb writing
        }
      },
      { delay: CHECK_AFTER_MS }
    );
    extensions?.addExtension({
      name: 'automl-jupyter:check',
      factory: () => EditorExtensionRegistry.createImmutableExtension(check)
    });
    notebooks?.widgetAdded.connect((_, panel) => followNotebook(panel));
    notebooks?.forEach(followNotebook);
  }
};
