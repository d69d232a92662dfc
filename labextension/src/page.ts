/** The page of a job: the live view of the notebook, fed by the server. */
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { AGAIN_MS, type Api, Refusal } from './api';
import { type Jobs, keyOf } from './jobs';
import view, { type IViewModel } from './live.js';

type Listener = (value: unknown) => void;

/** What the view takes for a widget's model; the server stands in for the kernel. */
export class JobModel implements IViewModel {
  constructor(
    private api: Api,
    private job: { workspace: string; name: string }
  ) {}

  listen(): void {
    this.stop ??= this.api.listen(this.api.of(this.job, 'stream'), {
      snapshot: snapshot => this.set('snapshot', snapshot),
      delta: delta => this.emit('msg:custom', { type: 'delta', ...delta }),
      over: () => this.close()
    });
  }

  close(): void {
    this.stop?.();
    this.stop = null;
  }

  get(name: string): unknown {
    return this.values.get(name);
  }

  set(name: string, value: unknown): void {
    this.values.set(name, value);
    this.emit(`change:${name}`, value);
  }

  on(event: string, listener: Listener): void {
    this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(listener));
  }

  off(event: string, listener: Listener): void {
    this.listeners.get(event)?.delete(listener);
  }

  send(content: Record<string, unknown>): void {
    void this.answer(content);
  }

  private async answer(content: Record<string, unknown>): Promise<void> {
    const { type, id, ...question } = content;
    try {
      if (type === 'ask') {
        const answer = await this.api.post(this.api.of(this.job, 'answers'), question);
        this.emit('msg:custom', { type: 'answer', id, answer });
      } else if (type === 'whole') {
        this.emit('msg:custom', { type: 'whole', snapshot: await this.api.get(this.api.of(this.job)) });
      } else {
        await this.api.post(this.api.of(this.job, 'requests'), content);
      }
    } catch (error) {
      const message = error instanceof Refusal ? error.message : 'The server does not answer.';
      this.emit(
        'msg:custom',
        type === 'ask' ? { type: 'answer', id, answer: { error: message } } : { type: 'refused', message }
      );
    }
  }

  private emit(event: string, value: unknown): void {
    for (const listener of [...(this.listeners.get(event) ?? [])]) {
      listener(value);
    }
  }

  private values = new Map<string, unknown>();
  private listeners = new Map<string, Set<Listener>>();
  private stop: (() => void) | null = null;
}

export class JobPage extends Widget {
  constructor(
    private api: Api,
    readonly job: { workspace: string; name: string },
    private jobs: Jobs
  ) {
    super();
    this.addClass('amlj-page');
    this.model = new JobModel(api, job);
    this.model.on('change:snapshot', () => this.mount());
    jobs.changed.connect(this.goOn, this);
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    void this.open();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    if (this.unmount) {
      this.model.listen();
    } else {
      void this.open();
    }
  }

  protected onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.model.close();
  }

  dispose(): void {
    clearTimeout(this.again);
    this.model.close();
    this.unmount?.();
    super.dispose();
  }

  private async open(): Promise<void> {
    if (this.unmount || this.isDisposed || this.asking) {
      return;
    }
    this.asking = true;
    clearTimeout(this.again);
    try {
      const snapshot = await this.api.get(this.api.of(this.job));
      if (!this.isDisposed) {
        this.model.set('snapshot', snapshot);
      }
    } catch (error) {
      if (!this.isDisposed) {
        this.node.textContent = error instanceof Error ? error.message : String(error);
        this.again = setTimeout(() => this.isVisible && void this.open(), AGAIN_MS);
      }
      return;
    } finally {
      this.asking = false;
    }
    if (this.isVisible) {
      this.model.listen();
    }
  }

  /** Show the job; anew where another one has its name now. */
  private mount(): void {
    const { created_at } = this.model.get('snapshot') as { created_at?: string };
    if (this.unmount && created_at === this.created) {
      return;
    }
    this.unmount?.();
    this.node.textContent = '';
    this.created = created_at;
    this.unmount = view.render({ model: this.model, el: this.node });
  }

  /** Listen again to a job that was over and runs now. */
  private goOn(): void {
    if (this.unmount && this.isVisible && this.jobs.running.some(job => keyOf(job) === keyOf(this.job))) {
      this.model.listen();
    }
  }

  private model: JobModel;
  private unmount: (() => void) | null = null;
  private created: string | undefined;
  private asking = false;
  private again: ReturnType<typeof setTimeout> | undefined;
}
