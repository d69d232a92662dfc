/** The side panel: running and past jobs. */
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import { useState } from 'react';
import type { IJob } from './api';
import { isRunning, type Jobs, keyOf } from './jobs';

const MARKS: Record<string, string> = { Completed: '✓', Canceled: '■', Failed: '✕', Damaged: '✕', NotResponding: '◌' };
const WORDS: Record<string, string> = {
  Canceled: 'Stopped',
  CancelRequested: 'Stopping…',
  NotResponding: 'Not running',
  NotStarted: 'Not started'
};

function Row({ job, open }: { job: IJob; open: (job: IJob) => void }): JSX.Element {
  const counted = job.n_trials ? `, ${job.n_complete} of ${job.n_trials} trials` : '';
  return (
    <li>
      <button
        type="button"
        className="amlj-side-job"
        title={job.reason || job.display_name}
        onClick={() => open(job)}
        data-status={job.status}
      >
        <span className="amlj-side-line">
          <span aria-hidden="true">{MARKS[job.status] ?? '▸'}</span>
          <span className="amlj-side-name">{job.display_name}</span>
          <span className="amlj-side-score">{job.text ?? ''}</span>
        </span>
        <span className="amlj-side-quiet">
          {WORDS[job.status] ?? job.status} · {job.task}
          {counted}
        </span>
      </button>
    </li>
  );
}

function List({ jobs, open }: { jobs: IJob[]; open: (job: IJob) => void }): JSX.Element {
  const [filter, setFilter] = useState('');
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const says = (job: IJob) =>
    `${job.display_name} ${job.name} ${job.experiment} ${job.task} ${job.status} ${job.best}`.toLowerCase();
  const shown = jobs.filter(job => words.every(word => says(job).includes(word)));
  const parts: [string, IJob[]][] = [
    ['Running', shown.filter(isRunning)],
    ['Past', shown.filter(job => !isRunning(job))]
  ];
  return (
    <div className="amlj-side">
      <input
        className="amlj-side-filter"
        type="search"
        placeholder="Filter jobs"
        aria-label="Filter jobs"
        value={filter}
        onChange={event => setFilter(event.target.value)}
      />
      {jobs.length === 0 && <p className="amlj-side-empty">There are no jobs yet. Start one with an %%automl cell.</p>}
      {parts.map(([title, part]) =>
        part.length === 0 ? null : (
          <section key={title} aria-label={`${title} jobs`}>
            <h2 className="amlj-side-head">{title}</h2>
            <ul className="amlj-side-list">
              {part.map(job => (
                <Row key={keyOf(job)} job={job} open={open} />
              ))}
            </ul>
          </section>
        )
      )}
    </div>
  );
}

export class JobsPanel extends ReactWidget {
  constructor(
    private jobs: Jobs,
    private open: (job: IJob) => void
  ) {
    super();
    this.id = 'automl-jobs';
    this.title.caption = 'AutoML jobs';
    this.addClass('amlj-side-panel');
  }

  protected render(): JSX.Element {
    return <UseSignal signal={this.jobs.changed}>{() => <List jobs={this.jobs.all} open={this.open} />}</UseSignal>;
  }
}
