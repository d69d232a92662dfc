/** The jobs there are, kept up to date by the server. */
import { type ISignal, Signal } from '@lumino/signaling';
import type { Api, IJob } from './api';

export const FINAL = new Set(['Completed', 'Canceled', 'Failed']);
const MOVING = new Set(['NotStarted', 'Preparing', 'Running', 'Finalizing', 'CancelRequested']);

export function keyOf(job: { workspace: string; name: string }): string {
  return `${job.workspace}/${job.name}`;
}

export function isRunning(job: IJob): boolean {
  return MOVING.has(job.status);
}

/** Jobs by key after what the server told; and those that ended meanwhile. */
export function apply(
  before: ReadonlyMap<string, IJob>,
  changes: { jobs: IJob[]; gone?: [string, string][] },
  whole: boolean
): { jobs: Map<string, IJob>; ended: IJob[] } {
  const jobs = whole ? new Map<string, IJob>() : new Map(before);
  const ended: IJob[] = [];
  for (const job of changes.jobs) {
    const known = before.get(keyOf(job));
    if (known && isRunning(known) && FINAL.has(job.status)) {
      ended.push(job);
    }
    jobs.set(keyOf(job), job);
  }
  for (const [workspace, name] of changes.gone ?? []) {
    jobs.delete(keyOf({ workspace, name }));
  }
  return { jobs, ended };
}

/** Newest first. */
export function sorted(jobs: Iterable<IJob>): IJob[] {
  const at = (job: IJob) => job.created_at ?? '';
  return [...jobs].sort((a, b) => (at(a) < at(b) ? 1 : at(a) > at(b) ? -1 : a.name < b.name ? 1 : -1));
}

export class Jobs {
  constructor(private api: Api) {
    this.stop = api.listen(api.address('jobs', 'stream'), {
      jobs: told => this.take(told, true),
      changes: told => this.take(told, false)
    });
  }

  get all(): IJob[] {
    return sorted(this.jobs.values());
  }

  get running(): IJob[] {
    return this.all.filter(isRunning);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get ended(): ISignal<this, IJob> {
    return this._ended;
  }

  cancel(job: IJob): Promise<unknown> {
    return this.api.post(this.api.of(job, 'requests'), { type: 'cancel' });
  }

  dispose(): void {
    this.stop();
    Signal.clearData(this);
  }

  private take(told: { jobs: IJob[]; gone?: [string, string][] }, whole: boolean): void {
    const found = apply(this.jobs, told, whole);
    this.jobs = found.jobs;
    this._changed.emit();
    for (const job of found.ended) {
      this._ended.emit(job);
    }
  }

  private jobs = new Map<string, IJob>();
  private stop: () => void;
  private _changed = new Signal<this, void>(this);
  private _ended = new Signal<this, IJob>(this);
}
