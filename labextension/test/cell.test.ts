import { Text } from '@codemirror/state';
import type { CompletionHandler } from '@jupyterlab/completer';
import { expect, it, vi } from 'vitest';
import type { Api } from '../src/api';
import { CellCompletions, placeOf } from '../src/assist';
import { diagnostics, isAutoML } from '../src/cell';

it('knows its cells', () => {
  expect(
    ['%%automl', '  %%automl job\ntask: x', '\n \n%%automl', '%%automlx', '%automl jobs', 'x = 1'].map(isAutoML)
  ).toEqual([true, true, true, false, false, false]);
});

it('underlines the line of a problem, and none that is not there', () => {
  const text = Text.of(['%%automl', 'limits:', '  timeout: x']);
  const [found] = diagnostics(text, [{ line: 3, where: 'limits.timeout', message: 'is no number' }]);
  expect([text.sliceString(found.from, found.to), found.message]).toEqual([
    'timeout: x',
    'limits.timeout: is no number'
  ]);
  expect(diagnostics(text, [{ line: 99, where: '', message: 'm' }])[0].to).toBe(text.length);
  expect(diagnostics(text, [{ line: 0, where: '', message: 'm' }])[0].from).toBe(0);
});

it('finds the place of an offset', () => {
  expect(placeOf('%%automl\ntask: r', 16)).toEqual({ row: 1, column: 7 });
  expect(placeOf('', 0)).toEqual({ row: 0, column: 0 });
});

it('counts characters as JupyterLab and the server do', async () => {
  const text = "%%automl --target '😀x'\nprimary_metric: '😀";
  const offset = Array.from(text).length;
  expect(placeOf(text, offset)).toEqual({ row: 1, column: 18 });
  const post = vi.fn(async () => ({ fragment: "'😀", texts: ["'😀'"] }));
  const completions = new CellCompletions({ address: () => 'there', post } as unknown as Api);
  const found = await completions.fetch({ text, offset } as CompletionHandler.IRequest);
  expect(post).toHaveBeenCalledWith('there', { text, row: 1, column: 18 });
  expect([found.start, found.end]).toEqual([offset - 2, offset]);
});
