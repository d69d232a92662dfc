/** What the server says of jobs, and what is asked of it. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

export interface IJob {
  workspace: string;
  name: string;
  experiment: string;
  display_name: string;
  task: string;
  status: string;
  metric: string;
  best: string | null;
  text: string | null;
  folds: string | null;
  n_complete: number;
  n_trials: number;
  elapsed_s: number;
  created_at: string | null;
  ended_at: string | null;
  reason: string;
}

export interface IProblem {
  line: number;
  where: string;
  message: string;
}

/** Why the server did not do what it was asked, in its own words. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string
  ) {
    super(message);
  }
}

/** After this what the server did not answer is asked again. */
export const AGAIN_MS = 5000;

export class Api {
  constructor(private settings = ServerConnection.makeSettings()) {}

  address(...parts: string[]): string {
    return URLExt.join(this.settings.baseUrl, 'automl-jupyter', 'api', ...parts.map(encodeURIComponent));
  }

  of(job: { workspace: string; name: string }, ...rest: string[]): string {
    return this.address('jobs', job.workspace, job.name, ...rest);
  }

  async get<T>(address: string): Promise<T> {
    return this.request<T>(address, { method: 'GET' });
  }

  async post<T>(address: string, body: unknown): Promise<T> {
    return this.request<T>(address, { method: 'POST', body: JSON.stringify(body) });
  }

  /**
   * Events of a stream. The browser connects again by itself where a connection is cut, though not where the server
   * refused one; each begins with the whole. While the page is out of sight there is none, since a browser keeps only a
   * few to one server.
   */
  // biome-ignore lint/suspicious/noExplicitAny: each event has a shape of its own
  listen(address: string, listeners: Record<string, (value: any) => void>): () => void {
    let source: EventSource | null = null;
    let again: ReturnType<typeof setTimeout> | undefined;
    const close = () => {
      clearTimeout(again);
      source?.close();
      source = null;
    };
    const follow = () => {
      if (document.hidden) {
        close();
      } else if (!source) {
        source = new EventSource(address, { withCredentials: true });
        source.addEventListener('error', () => {
          if (source?.readyState === EventSource.CLOSED) {
            close();
            again = setTimeout(follow, AGAIN_MS);
          }
        });
        for (const [kind, listener] of Object.entries(listeners)) {
          source.addEventListener(kind, event => listener(JSON.parse((event as MessageEvent).data)));
        }
      }
    };
    document.addEventListener('visibilitychange', follow);
    follow();
    return () => {
      document.removeEventListener('visibilitychange', follow);
      close();
    };
  }

  private async request<T>(address: string, init: RequestInit): Promise<T> {
    const answer = await ServerConnection.makeRequest(address, init, this.settings);
    const found = await answer.json().catch(() => ({}));
    if (!answer.ok) {
      throw new Refusal(answer.status, found.message ?? answer.statusText);
    }
    return found as T;
  }
}
