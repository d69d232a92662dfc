/** The page of a job: the live view of the notebook, fed by the server. */
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { type Api, Refusal } from './api';
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
    readonly job: { workspace: string; name: string }
  ) {
    super();
    this.addClass('amlj-page');
    this.model = new JobModel(api, job);
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    void this.open();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    if (this.unmount) {
      this.model.listen();
    }
  }

  protected onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.model.close();
  }

  dispose(): void {
    this.model.close();
    this.unmount?.();
    super.dispose();
  }

  private async open(): Promise<void> {
    if (this.unmount || this.isDisposed) {
      return;
    }
    try {
      this.model.set('snapshot', await this.api.get(this.api.of(this.job)));
    } catch (error) {
      this.node.textContent = error instanceof Error ? error.message : String(error);
      return;
    }
    if (this.isDisposed) {
      return;
    }
    this.node.textContent = '';
    this.unmount = view.render({ model: this.model, el: this.node });
    if (this.isVisible) {
      this.model.listen();
    }
  }

  private model: JobModel;
  private unmount: (() => void) | null = null;
}
