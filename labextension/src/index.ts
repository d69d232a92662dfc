/** AutoML in JupyterLab: a side panel, job pages, and what starts jobs. */
import { ILayoutRestorer, IRouter, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, Notification, WidgetTracker, showDialog, Dialog } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { Widget } from '@lumino/widgets';
import { Api, IJob } from './api';
import { editor } from './editor';
import { jobsIcon } from './icon';
import { Jobs, keyOf } from './jobs';
import { JobPage } from './page';
import { JobsPanel } from './side';

const ID = 'automl-jupyter:plugin';
const CATEGORY = 'AutoML';
const TABLE = /\.(csv|tsv|parquet|pq|feather|arrow|jsonl?|xlsx?)$|(^|\/)MLTable$/i;
const CELL = `%%automl job --target y
task: classification
training_data: train`;

namespace CommandIDs {
  export const newJob = 'automl:new-job';
  export const openJob = 'automl:open-job';
  export const stopJob = 'automl:stop-job';
  export const panelOfFile = 'automl:panel-of-file';
}

/** A notebook beside what is open in the file browser, with some cells. */
async function newNotebook(app: JupyterFrontEnd, folder: string, cells: string[]): Promise<NotebookPanel> {
  const panel: NotebookPanel = await app.commands.execute('notebook:create-new', {
    cwd: folder, kernelName: 'python3', activate: true
  });
  await panel.context.ready;
  panel.content.model!.sharedModel.transact(() => {
    const shared = panel.content.model!.sharedModel;
    shared.deleteCellRange(0, shared.cells.length);
    shared.insertCells(0, cells.map(source => ({ cell_type: 'code', source, metadata: {} })));
  });
  return panel;
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Jobs of automl-jupyter: a side panel, job pages, and what starts jobs.',
  autoStart: true,
  optional: [ICommandPalette, IDefaultFileBrowser, ILauncher, ILayoutRestorer, IRouter, ISettingRegistry, IStatusBar],
  activate: (
    app: JupyterFrontEnd,
    palette: ICommandPalette | null,
    files: IDefaultFileBrowser | null,
    launcher: ILauncher | null,
    restorer: ILayoutRestorer | null,
    router: IRouter | null,
    registry: ISettingRegistry | null,
    statusBar: IStatusBar | null
  ) => {
    const api = new Api(app.serviceManager.serverSettings);
    const jobs = new Jobs(api);
    const tracker = new WidgetTracker<MainAreaWidget<JobPage>>({ namespace: 'automl-job' });
    let notify = true;

    void registry?.load(ID).then(settings => {
      const read = () => { notify = settings.get('notify').composite as boolean; };
      settings.changed.connect(read);
      read();
    });

    async function choose(which: IJob[]): Promise<IJob | null> {
      if (which.length < 2) {
        return which[0] ?? null;
      }
      const { InputDialog } = await import('@jupyterlab/apputils');
      const names = which.map(job => `${job.display_name} (${job.experiment})`);
      const answer = await InputDialog.getItem({ title: 'Which job?', items: names });
      return answer.button.accept ? which[names.indexOf(answer.value ?? '')] ?? null : null;
    }

    app.commands.addCommand(CommandIDs.openJob, {
      label: 'Open Job…',
      icon: jobsIcon,
      execute: async args => {
        const named = typeof args.workspace === 'string' && typeof args.name === 'string';
        const job = named ? { workspace: String(args.workspace), name: String(args.name) } : await choose(jobs.all);
        if (!job) {
          return;
        }
        const id = `automl-job-${keyOf(job).replace('/', '-')}`;
        let page = tracker.find(widget => widget.id === id);
        if (!page) {
          page = new MainAreaWidget({ content: new JobPage(api, job) });
          page.id = id;
          page.title.label = job.name;
          page.title.icon = jobsIcon;
          page.title.closable = true;
          await tracker.add(page);
        }
        if (!page.isAttached) {
          app.shell.add(page, 'main');
        }
        app.shell.activateById(page.id);
      }
    });
    app.commands.addCommand(CommandIDs.stopJob, {
      label: 'Stop Job…',
      isEnabled: () => jobs.running.length > 0,
      execute: async () => {
        const job = await choose(jobs.running);
        if (!job) {
          return;
        }
        const asked = await showDialog({
          title: `Stop ${job.display_name}?`,
          body: 'Every finished trial is kept, and the best model of them is built.',
          buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: 'Stop' })]
        });
        if (asked.button.accept) {
          await jobs.cancel(job).catch(error => Notification.error(String(error.message)));
        }
      }
    });
    app.commands.addCommand(CommandIDs.newJob, {
      label: args => (args.isPalette ? 'New AutoML Job' : 'AutoML Job'),
      caption: 'A notebook with an %%automl cell',
      icon: jobsIcon,
      execute: args => newNotebook(app, String(args.cwd ?? files?.model.path ?? ''), ['%load_ext automl_jupyter', CELL])
    });
    app.commands.addCommand(CommandIDs.panelOfFile, {
      label: 'AutoML with This File…',
      icon: jobsIcon,
      isVisible: () => TABLE.test(files?.selectedItems().next().value?.path ?? ''),
      execute: async () => {
        const path: string | undefined = files?.selectedItems().next().value?.path;
        if (!path) {
          return;
        }
        const cut = path.lastIndexOf('/') + 1;
        const name = JSON.stringify(path.slice(cut));
        const cells = ['%load_ext automl_jupyter', `from automl_jupyter import automl\n\nautoml.panel(${name})`];
        const panel = await newNotebook(app, path.slice(0, Math.max(cut - 1, 0)), cells);
        await panel.sessionContext.ready;
        await app.commands.execute('notebook:run-all-cells');
      }
    });

    const side = new JobsPanel(jobs, job => void app.commands.execute(CommandIDs.openJob, { workspace: job.workspace, name: job.name }));
    side.title.icon = jobsIcon;
    app.shell.add(side, 'left', { rank: 560 });
    restorer?.add(side, side.id);
    void restorer?.restore(tracker, {
      command: CommandIDs.openJob,
      args: widget => ({ ...widget.content.job }),
      name: widget => keyOf(widget.content.job)
    });

    for (const command of [CommandIDs.newJob, CommandIDs.openJob, CommandIDs.stopJob]) {
      palette?.addItem({ command, category: CATEGORY, args: { isPalette: true } });
    }
    launcher?.add({ command: CommandIDs.newJob, category: 'Notebook', rank: 10 });

    if (statusBar) {
      const item = new Widget();
      item.addClass('amlj-status');
      const show = () => {
        const n = jobs.running.length;
        item.node.textContent = n ? `AutoML: ${n} running` : '';
        item.setHidden(n === 0);
      };
      jobs.changed.connect(show);
      show();
      statusBar.registerStatusItem('automl-jupyter:running', { item, align: 'left', rank: 50 });
    }

    jobs.changed.connect(() => app.commands.notifyCommandChanged(CommandIDs.stopJob));
    jobs.ended.connect((_, job) => {
      if (!notify) {
        return;
      }
      const score = job.text ? ` Best ${job.metric}: ${job.text} (${job.best}).` : '';
      const say = job.status === 'Failed' ? Notification.error : Notification.success;
      say(`${job.display_name}: ${job.status === 'Canceled' ? 'stopped' : job.status.toLowerCase()}.${score}`, {
        autoClose: 10_000,
        actions: [{ label: 'Open', callback: () => void app.commands.execute(CommandIDs.openJob, { workspace: job.workspace, name: job.name }) }]
      });
    });

    router?.register({ command: 'automl:route', pattern: /[?&]automl-job=[0-9a-f]{12}(%2F|\/)[^&]+/i });
    app.commands.addCommand('automl:route', {
      execute: async args => {
        const wanted = new URLSearchParams(String(args.search)).get('automl-job') ?? '';
        const [workspace, name] = wanted.split('/');
        await app.restored;
        await app.commands.execute(CommandIDs.openJob, { workspace, name });
      }
    });
  }
};

export default [plugin, editor];
