import { afterEach, expect, it, vi } from 'vitest';

vi.mock('@jupyterlab/coreutils', () => ({ URLExt: { join: (...parts: string[]) => parts.join('/') } }));
vi.mock('@jupyterlab/services', () => ({
  ServerConnection: { makeSettings: () => ({ baseUrl: 'http://h/user/ann' }) }
}));
const { AGAIN_MS, Api } = await import('../src/api');

class Source extends EventTarget {
  static readonly CLOSED = 2;
  static open: Source[] = [];
  readyState = 1;
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

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

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

it('connects again where the server refused, and not after it was stopped', () => {
  vi.useFakeTimers();
  vi.stubGlobal('document', new EventTarget());
  vi.stubGlobal('EventSource', Source);
  const stop = new Api().listen('there', {});
  const [first] = Source.open;
  first.dispatchEvent(new Event('error')); // a connection that was cut is taken up again by the browser
  vi.advanceTimersByTime(60_000);
  expect(Source.open).toEqual([first]);
  const refuse = (source: Source) => {
    source.readyState = Source.CLOSED;
    source.dispatchEvent(new Event('error'));
  };
  refuse(first);
  expect(Source.open.length).toBe(0);
  vi.advanceTimersByTime(AGAIN_MS);
  expect(Source.open.length).toBe(1);
  expect(Source.open[0]).not.toBe(first);
  refuse(Source.open[0]);
  stop();
  vi.advanceTimersByTime(60_000);
  expect(Source.open.length).toBe(0);
});
