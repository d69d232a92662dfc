/** `%%automl` cells in the editor: YAML, completions, help, and squiggles for what would be refused. */

import { linter } from '@codemirror/lint';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { EditorExtensionRegistry, IEditorExtensionRegistry } from '@jupyterlab/codemirror';
import { ICompletionProviderManager } from '@jupyterlab/completer';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Api, type IProblem } from './api';
import { CellCompletions, help } from './assist';
import { diagnostics, isAutoML } from './cell';
import { followNotebook } from './language';

const CHECK_AFTER_MS = 400;

export const editor: JupyterFrontEndPlugin<void> = {
  id: 'automl-jupyter:editor',
  description: '%%automl cells: YAML, completions, help, and squiggles for what would be refused.',
  autoStart: true,
  optional: [ICompletionProviderManager, IEditorExtensionRegistry, INotebookTracker, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    completions: ICompletionProviderManager | null,
    extensions: IEditorExtensionRegistry | null,
    notebooks: INotebookTracker | null,
    registry: ISettingRegistry | null
  ) => {
    const api = new Api(app.serviceManager.serverSettings);
    let checks = true;
    void registry?.load('automl-jupyter:plugin').then(settings => {
      const read = () => {
        checks = settings.get('check').composite as boolean;
      };
      settings.changed.connect(read);
      read();
    });
    const check = linter(
      async view => {
        const text = view.state.doc;
        if (!checks || !isAutoML(text.toString())) {
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
      name: 'automl-jupyter:cells',
      factory: () => EditorExtensionRegistry.createImmutableExtension([check, help(api)])
    });
    completions?.registerProvider(new CellCompletions(api));
    notebooks?.widgetAdded.connect((_, panel) => followNotebook(panel));
    notebooks?.forEach(followNotebook);
  }
};
