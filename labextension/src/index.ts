/** AutoML in JupyterLab: a side panel, job pages, and what starts jobs. */
import { ILayoutRestorer, IRouter, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, type MainAreaWidget, Notification, WidgetTracker } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { Widget } from '@lumino/widgets';
import { Api, type IJob } from './api';
import { addCommands, CommandIDs } from './commands';
import { editor } from './editor';
import { jobsIcon } from './icon';
import { Jobs, keyOf } from './jobs';
import type { JobPage } from './page';
import { JobsPanel } from './side';

const ID = 'automl-jupyter:plugin';
const CATEGORY = 'AutoML';
const SHOWN_MS = 10_000;

/** How many jobs run, for the status bar. */
function makeStatus(jobs: Jobs): Widget {
  const item = new Widget();
  item.addClass('amlj-status');
  const show = () => {
    const n = jobs.running.length;
    item.node.textContent = n ? `AutoML: ${n} running` : '';
    item.setHidden(n === 0);
  };
  jobs.changed.connect(show);
  show();
  return item;
}

/** Say how a job ended. */
function tell(job: IJob, open: () => void): void {
  const folds = job.folds ? ` on ${job.folds}` : '';
  const score = job.text ? ` Best ${job.metric}: ${job.text}${folds} (${job.best}).` : '';
  const say = job.status === 'Failed' ? Notification.error : Notification.success;
  say(`${job.display_name}: ${job.status === 'Canceled' ? 'stopped' : job.status.toLowerCase()}.${score}`, {
    autoClose: SHOWN_MS,
    actions: [{ label: 'Open', callback: open }]
  });
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
    const pages = new WidgetTracker<MainAreaWidget<JobPage>>({ namespace: 'automl-job' });
    const open = ({ workspace, name }: IJob) => void app.commands.execute(CommandIDs.openJob, { workspace, name });
    addCommands(app, api, jobs, pages, files);

    const side = new JobsPanel(jobs, open);
    side.title.icon = jobsIcon;
    app.shell.add(side, 'left', { rank: 560 });
    restorer?.add(side, side.id);
    void restorer?.restore(pages, {
      command: CommandIDs.openJob,
      args: widget => ({ ...widget.content.job }),
      name: widget => keyOf(widget.content.job)
    });
    for (const command of [CommandIDs.newJob, CommandIDs.openJob, CommandIDs.stopJob]) {
      palette?.addItem({ command, category: CATEGORY, args: { isPalette: true } });
    }
    launcher?.add({ command: CommandIDs.newJob, category: 'Notebook', rank: 10 });
    router?.register({ command: CommandIDs.route, pattern: /[?&]automl-job=/ });
    statusBar?.registerStatusItem('automl-jupyter:running', { item: makeStatus(jobs), align: 'left', rank: 50 });

    let notify = true;
    void registry?.load(ID).then(settings => {
      const read = () => {
        notify = settings.get('notify').composite as boolean;
      };
      settings.changed.connect(read);
      read();
    });
    jobs.ended.connect((_, job) => {
      if (notify) {
        tell(job, () => open(job));
      }
    });
    jobs.changed.connect(() => app.commands.notifyCommandChanged(CommandIDs.stopJob));
  }
};

export default [plugin, editor];
