import { expect, it, vi } from 'vitest';
import type { IJob } from '../src/api';

vi.mock('@jupyterlab/apputils', () => ({}));
vi.mock('../src/icon', () => ({ jobsIcon: null }));
vi.mock('../src/page', () => ({ JobPage: class {} }));
const { isTable, jobOfAddress, labelsOf, panelCells } = await import('../src/commands');

it('knows tables by their names', () => {
  const names = ['a.csv', 'b/c.PARQUET', 'data/MLTable', 'a.csv.gz', 'a.csv.py', 'notMLTable', 'x.ipynb', ''];
  expect(names.map(isTable)).toEqual([true, true, true, true, false, false, false, false]);
});

it('names a file as one text of Python, whatever it is called', () => {
  expect(panelCells('a.csv').folder).toBe('');
  const { folder, cells } = panelCells('some data/o"clock\\n\n<b>.csv');
  expect(folder).toBe('some data');
  expect(cells[1].split('\n').at(-1)).toBe('automl.panel("o\\"clock\\\\n\\n<b>.csv")');
});

it('reads the job of an address, and nothing else', () => {
  expect(jobOfAddress('?x=1&automl-job=0123456789ab/a%20b')).toEqual({ workspace: '0123456789ab', name: 'a b' });
  for (const wrong of [
    '',
    '?automl-job=',
    '?automl-job=x/y',
    '?automl-job=0123456789ab/a/b',
    '?automl-job=0123456789ab/'
  ]) {
    expect(jobOfAddress(wrong)).toBeNull();
  }
});

it('tells jobs of one name apart', () => {
  const job = (workspace: string, name: string, created_at: string | null) =>
    ({ workspace, name, created_at, display_name: 'birds', experiment: 'e' }) as IJob;
  const at = '2026-01-02T03:04:05.678Z';
  const same = [job('a', 'one', at), job('b', 'one', at), job('a', 'two', at), job('c', 'one', null)];
  expect(labelsOf(same)).toEqual([
    'birds (e, one), 2026-01-02 03:04 UTC, workspace a',
    'birds (e, one), 2026-01-02 03:04 UTC, workspace b',
    'birds (e, two)',
    'birds (e, one), workspace c'
  ]);
});
