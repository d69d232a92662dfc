/** What starts, opens and stops jobs. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import {
  Dialog,
  InputDialog,
  MainAreaWidget,
  Notification,
  showDialog,
  type WidgetTracker
} from '@jupyterlab/apputils';
import type { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Api, IJob } from './api';
import { jobsIcon } from './icon';
import { type Jobs, keyOf } from './jobs';
import { JobPage } from './page';

export const CommandIDs = {
  newJob: 'automl:new-job',
  openJob: 'automl:open-job',
  stopJob: 'automl:stop-job',
  panelOfFile: 'automl:panel-of-file',
  route: 'automl:route'
};

const TABLE = /\.(csv|tsv|tab|parquet|pq|feather|arrow|ipc|json|jsonl|ndjson)(\.(gz|bz2|xz|zst|zip))?$|(^|\/)MLTable$/i;
const NEW_JOB = [
  '%load_ext automl_jupyter',
  'import pandas as pd\n\ntable = pd.read_csv("table.csv")',
  '%%automl job --target y\ntask: classification\ntraining_data: table'
];

/** Whether a file holds a table, by its name. */
export function isTable(path: string): boolean {
  return TABLE.test(path);
}

/** The cells that open the panel on a file, in a notebook beside it. */
export function panelCells(path: string): { folder: string; cells: string[] } {
  const cut = path.lastIndexOf('/') + 1;
  const name = JSON.stringify(path.slice(cut)); // a text of JSON is one of Python, too
  return {
    folder: path.slice(0, Math.max(cut - 1, 0)),
    cells: ['%load_ext automl_jupyter', `from automl_jupyter import automl\n\nautoml.panel(${name})`]
  };
}

/** The job that the search part of an address names. */
export function jobOfAddress(search: string): { workspace: string; name: string } | null {
  const wanted = new URLSearchParams(search).get('automl-job') ?? '';
  const found = /^([0-9a-f]{12})\/([^/]+)$/.exec(wanted);
  return found && { workspace: found[1], name: found[2] };
}

/** A notebook with some cells, in a folder. */
async function newNotebook(app: JupyterFrontEnd, folder: string, cells: string[]): Promise<NotebookPanel> {
  const panel: NotebookPanel = await app.commands.execute('notebook:create-new', {
    cwd: folder,
    kernelName: app.serviceManager.kernelspecs.specs?.default ?? 'python3',
    activate: true
  });
  await panel.context.ready;
  const shared = panel.content.model?.sharedModel;
  shared?.transact(() => {
    shared.deleteCellRange(0, shared.cells.length);
    shared.insertCells(
      0,
      cells.map(source => ({ cell_type: 'code', source, metadata: {} }))
    );
  });
  return panel;
}

/** What tells some jobs apart. Those of several workspaces may have the same names. */
export function labelsOf(which: IJob[]): string[] {
  const names = which.map(job => `${job.display_name} (${job.experiment}, ${job.name})`);
  return which.map((job, i) => {
    if (names.indexOf(names[i]) === names.lastIndexOf(names[i])) {
      return names[i];
    }
    const created = job.created_at ? `, ${job.created_at.slice(0, 16).replace('T', ' ')} UTC` : '';
    return `${names[i]}${created}, workspace ${job.workspace}`;
  });
}

/** One of some jobs: the only one, or the one that is picked. */
async function choose(which: IJob[]): Promise<IJob | null> {
  if (which.length < 2) {
    return which[0] ?? null;
  }
  const names = labelsOf(which);
  const answer = await InputDialog.getItem({ title: 'Which job?', items: names });
  return answer.button.accept ? (which[names.indexOf(answer.value ?? '')] ?? null) : null;
}

export function addCommands(
  app: JupyterFrontEnd,
  api: Api,
  jobs: Jobs,
  pages: WidgetTracker<MainAreaWidget<JobPage>>,
  files: IDefaultFileBrowser | null
): void {
  const selected = (): string => files?.selectedItems().next().value?.path ?? '';

  app.commands.addCommand(CommandIDs.openJob, {
    label: 'Open Job…',
    icon: jobsIcon,
    execute: async args => {
      const named = typeof args.workspace === 'string' && typeof args.name === 'string';
      const job = named ? { workspace: String(args.workspace), name: String(args.name) } : await choose(jobs.all);
      if (!job) {
        return;
      }
      const id = `automl-job-${keyOf(job)}`;
      let page = pages.find(widget => widget.id === id);
      if (!page) {
        page = new MainAreaWidget({ content: new JobPage(api, job, jobs) });
        page.id = id;
        page.title.label = job.name;
        page.title.icon = jobsIcon;
        page.title.closable = true;
        page.toolbar.hide();
        app.shell.add(page, 'main');
        await pages.add(page);
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
    execute: args => newNotebook(app, String(args.cwd ?? files?.model.path ?? ''), NEW_JOB)
  });

  app.commands.addCommand(CommandIDs.panelOfFile, {
    label: 'AutoML with This File…',
    icon: jobsIcon,
    isVisible: () => isTable(selected()),
    execute: async () => {
      const { folder, cells } = panelCells(selected());
      const panel = await newNotebook(app, folder, cells);
      await panel.sessionContext.ready;
      await app.commands.execute('notebook:run-all-cells');
    }
  });

  app.commands.addCommand(CommandIDs.route, {
    label: 'Open the job of an address',
    execute: async args => {
      const job = jobOfAddress(String(args.search));
      if (job) {
        await app.restored;
        await app.commands.execute(CommandIDs.openJob, job);
      }
    }
  });
}
