import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Api, IJob } from '../src/api';
import type { Jobs } from '../src/jobs';

const shown: { closed: boolean }[] = [];

vi.mock('@jupyterlab/coreutils', () => ({}));
vi.mock('@jupyterlab/services', () => ({ ServerConnection: { makeSettings: () => ({}) } }));
vi.mock('@lumino/widgets', () => ({
  Widget: class {
    node = { textContent: '' };
    isVisible = true;
    isDisposed = false;
    addClass(): void {}
    onAfterAttach(): void {}
    onAfterShow(): void {}
    onAfterHide(): void {}
    dispose(): void {
      this.isDisposed = true;
    }
  }
}));
vi.mock('../src/live.js', () => ({
  default: {
    render: () => {
      const view = { closed: false };
      shown.push(view);
      return () => {
        view.closed = true;
      };
    }
  }
}));
const { AGAIN_MS } = await import('../src/api');
const { JobPage } = await import('../src/page');

const job = { workspace: '0123456789ab', name: 'one' };
const first = { seq: 9, created_at: '2026-01-01' };

/** A page, the listeners of its streams that are open, and what the list of jobs says. */
function makePage(answers: (() => unknown)[]) {
  // biome-ignore lint/suspicious/noExplicitAny: as the page takes them
  const streams: Record<string, (value: any) => void>[] = [];
  const api = {
    of: () => 'there',
    get: async () => answers.shift()?.(),
    listen: (_: string, listeners: (typeof streams)[0]) => {
      streams.push(listeners);
      return () => streams.splice(streams.indexOf(listeners), 1);
    }
  } as unknown as Api;
  let changed = () => {};
  const jobs = {
    running: [] as IJob[],
    changed: {
      connect: (slot: () => void, page: unknown) => {
        changed = slot.bind(page);
      }
    }
  };
  // biome-ignore lint/suspicious/noExplicitAny: what the shell sends is protected
  const page = new JobPage(api, job, jobs as unknown as Jobs) as any;
  const tell = (...running: { workspace: string; name: string }[]) => {
    jobs.running = running as IJob[];
    changed();
  };
  return { page, streams, tell };
}

const fail = (message: string) => () => {
  throw new Error(message);
};

beforeEach(() => {
  vi.useFakeTimers();
  shown.length = 0;
});
afterEach(() => vi.useRealTimers());

it('asks again for a job that could not be had', async () => {
  const { page, streams } = makePage([fail('Bad Gateway'), fail('Gone'), () => first]);
  page.onAfterAttach();
  await vi.advanceTimersByTimeAsync(0);
  expect(page.node.textContent).toBe('Bad Gateway');
  page.isVisible = false;
  await vi.advanceTimersByTimeAsync(2 * AGAIN_MS);
  expect(page.node.textContent).toBe('Bad Gateway'); // out of sight it waits
  page.isVisible = true;
  page.onAfterShow();
  await vi.advanceTimersByTimeAsync(0);
  expect(page.node.textContent).toBe('Gone');
  await vi.advanceTimersByTimeAsync(AGAIN_MS);
  expect([page.node.textContent, shown.length, streams.length]).toEqual(['', 1, 1]);
});

it('asks no more when it is closed', async () => {
  const { page } = makePage([fail('Bad Gateway'), () => first]);
  page.onAfterAttach();
  await vi.advanceTimersByTimeAsync(0);
  page.dispose();
  await vi.advanceTimersByTimeAsync(2 * AGAIN_MS);
  expect(shown).toEqual([]);
});

it('listens again to a job that goes on', async () => {
  const { page, streams, tell } = makePage([() => first]);
  page.onAfterAttach();
  await vi.advanceTimersByTimeAsync(0);
  streams[0].over({});
  tell({ ...job, name: 'another' });
  expect(streams.length).toBe(0);
  tell(job);
  tell(job);
  expect(streams.length).toBe(1);
  streams[0].over({});
  page.isVisible = false;
  tell(job);
  expect(streams.length).toBe(0);
});

it('begins anew where another job has the name', async () => {
  const { page, streams } = makePage([() => first]);
  page.onAfterAttach();
  await vi.advanceTimersByTimeAsync(0);
  streams[0].snapshot({ ...first, seq: 10 });
  expect(shown).toEqual([{ closed: false }]);
  streams[0].snapshot({ seq: 1, created_at: '2026-01-02' });
  expect(shown).toEqual([{ closed: true }, { closed: false }]);
});
