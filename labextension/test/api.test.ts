import { afterEach, expect, it, vi } from 'vitest';

vi.mock('@jupyterlab/coreutils', () => ({ URLExt: { join: (...parts: string[]) => parts.join('/') } }));
vi.mock('@jupyterlab/services', () => ({
  ServerConnection: { makeSettings: () => ({ baseUrl: 'http://h/user/ann' }) }
}));
const { Api } = await import('../src/api');

class Source extends EventTarget {
  static open: Source[] = [];
  constructor(readonly url: string) {
    super();
    Source.open.push(this);
  }
  close(): void {
    Source.open.splice(Source.open.indexOf(this), 1);
  }
}

function setHidden(page: EventTarget & { hidden?: boolean }, hidden: boolean): void {
  page.hidden = hidden;
  page.dispatchEvent(new Event('visibilitychange'));
}

afterEach(() => vi.unstubAllGlobals());

it('escapes names in addresses', () => {
  expect(new Api().of({ workspace: 'w', name: 'a/b c' }, 'stream')).toBe(
    'http://h/user/ann/automl-jupyter/api/jobs/w/a%2Fb%20c/stream'
  );
});

it('listens while the page can be seen, with one connection', () => {
  const page: EventTarget & { hidden?: boolean } = new EventTarget();
  vi.stubGlobal('document', page);
  vi.stubGlobal('EventSource', Source);
  const heard: unknown[] = [];
  const stop = new Api().listen('there', { jobs: told => heard.push(told) });
  expect(Source.open.length).toBe(1);
  Source.open[0].dispatchEvent(new MessageEvent('jobs', { data: '{"jobs": []}' }));
  expect(heard).toEqual([{ jobs: [] }]);
  setHidden(page, true);
  expect(Source.open.length).toBe(0);
  setHidden(page, false);
  setHidden(page, false);
  expect(Source.open.length).toBe(1);
  stop();
  setHidden(page, true);
  setHidden(page, false);
  expect(Source.open.length).toBe(0);
});
